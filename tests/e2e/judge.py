"""A judge outside, as a process of its own: `python judge.py` prints its port and answers for as long as it is read.

It flags what holds `weapon`, waits where it reads `sleep`, answers 500 where it reads `crash`, and prints each body.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WRITING = threading.Lock()


class Judge(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        with WRITING:
            print(json.dumps({"path": self.path, "key": self.headers.get("authorization"), "body": body}), flush=True)
        if "sleep" in body:
            time.sleep(30)
        verdict = {"flagged": "weapon" in body, "categories": ["violence"], "rationale": "asked of bob@example.org"}
        said = {"results": [verdict]} if self.path == "/moderations" else {"choices": [_message(verdict)]}
        data = json.dumps(said).encode()
        self.send_response(500 if "crash" in body else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Only bodies are printed."""


def _message(verdict: dict[str, object]) -> dict[str, object]:
    return {"index": 0, "message": {"role": "assistant", "content": json.dumps(verdict)}, "finish_reason": "stop"}


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Judge)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    sys.stdout.flush()
    server.serve_forever()
