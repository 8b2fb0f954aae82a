// Serves express-pouchdb from memory on a free port of this host, and prints the port.
//
// express-pouchdb makes file names of database names and drops their slashes on the way, so the slashes
// travel through it as "$", which no database here has in its name.
"use strict";

const express = require("express");
const PouchDB = require("pouchdb-core")
  .plugin(require("pouchdb-adapter-memory"))
  .plugin(require("pouchdb-mapreduce"))
  .plugin(require("pouchdb-replication"));

const InMemory = PouchDB.defaults({ adapter: "memory" });
const pouch = require("express-pouchdb")(InMemory, {
  mode: "minimumForPouchDB",
  inMemoryConfig: true,
  logPath: "/dev/null",
});

const app = express();

app.get("/_all_dbs", async (request, response) => {
  const names = await InMemory.allDbs();
  response.json(names.map((name) => name.replaceAll("$", "/")).sort());
});

app.use((request, response, next) => {
  const [, database, rest] = request.url.match(/^\/([^/?]*)(.*)$/);
  request.url = `/${database.replace(/%2f/gi, "$")}${rest}`;
  next();
});

app.use(pouch);

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));

// ends with the test run, however that ended: its end of the pipe closes
process.stdin.resume().on("end", () => process.exit(0));
