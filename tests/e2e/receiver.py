"""A receiver of webhooks, in a process of its own: `python receiver.py PORT FILE`. It appends what came to FILE, a JSON
line a request, and answers with the status that stands in FILE.status (200 without one; `silent` answers nothing).
"""

import json
import time

from listening import Listener, listen


class Handler(Listener):
    def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
        body = self.body()
        said = {"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body.decode()}
        with self.file.open("a") as target:
            target.write(json.dumps(said) + "\n")
        status = self.file.with_suffix(".status")
        word = status.read_text() if status.exists() else "200"
        if word == "silent":
            time.sleep(60)
            return
        self.answer(int(word))


if __name__ == "__main__":
    listen(Handler)
