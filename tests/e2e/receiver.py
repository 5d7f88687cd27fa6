"""A receiver of webhooks, in a process of its own: `python receiver.py PORT FILE`. It appends what came to FILE, a JSON
line a request, and answers with the status that stands in FILE.status (200 without one; `silent` answers nothing).
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    file: Path

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        said = {"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body.decode()}
        with self.file.open("a") as target:
            target.write(json.dumps(said) + "\n")
        status = self.file.with_suffix(".status")
        word = status.read_text() if status.exists() else "200"
        if word == "silent":
            time.sleep(60)
            return
        self.send_response(int(word))
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    Handler.file = Path(sys.argv[2])
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    server.daemon_threads = True
    server.serve_forever()
