"""Structured logs: one JSON object a line on standard error."""

import json
import logging
import sys
from typing import Any

from gatepost_gateway.domain.clock import iso

_PLAIN = frozenset(vars(logging.makeLogRecord({})))
"""What every record has; anything else was given with `extra`."""


class JsonLines(logging.Formatter):
    """`time` in UTC, `level`, `logger`, `message`, what the caller added, and `error` with the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": iso(int(record.created * 1_000_000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update({name: value for name, value in vars(record).items() if name not in _PLAIN and name != "message"})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def to_stderr(level: int = logging.INFO) -> None:
    """The one handler of the process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    # A client's nonsense is answered and recorded; it is no news for an operator.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
