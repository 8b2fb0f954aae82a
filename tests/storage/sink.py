"""A web server in a process of its own that takes any PUT and answers with its SHA-256.

Run as `python -m tests.storage.sink`.
"""

from __future__ import annotations

import hashlib
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

BLOCK_BYTES = 1 << 20


class Sink(BaseHTTPRequestHandler):
    """Reads what comes, a block at a time, and keeps nothing."""

    def do_PUT(self) -> None:
        """Take one upload."""
        digest, left = hashlib.sha256(), int(self.headers["Content-Length"])
        while left:
            block = self.rfile.read(min(left, BLOCK_BYTES))
            digest.update(block)
            left -= len(block)
        answer = digest.hexdigest().encode()
        sys.stdout.write(f"{answer.decode()}\n")
        sys.stdout.flush()
        self.send_response(201)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve on a free port, said on the first line."""
    server = HTTPServer(("127.0.0.1", 0), Sink)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
