"""A control plane in a temporary directory, and a way to ask it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gatepost_gateway.control.plane import ControlPlane
from gatepost_gateway.settings import load

ADMIN = "gpa_adm1n_0123456789abcdef0123456789abcdef"
RUNTIME = "gp_runt1me_0123456789abcdef0123456789abcdef"


class Served:
    """What the data plane was told."""

    def __init__(self) -> None:
        self.documents: list[Any] = []

    async def __call__(self, document: Any) -> None:
        self.documents.append(document)


def make(folder: Path, text: str | None = None, **more: Any) -> ControlPlane:
    variables: dict[str, str] = {
        "GATEPOST_DATA_DIR": str(folder / "data"),
        "GATEPOST_ADMIN_KEY": ADMIN,
        "GATEPOST_RUNTIME_KEY": RUNTIME,
        **more.pop("variables", {}),
    }
    if text is not None:
        (folder / "gatepost.yaml").write_text(text)
    return ControlPlane(load(variables=variables, folder=folder), **more)


class Reply:
    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def ask(
    plane: ControlPlane, method: str, path: str, body: Any = None, *, key: str | None = ADMIN, headers: Any = ()
) -> Reply:
    """One request; `body` as JSON unless it is bytes."""
    path, _, query = path.partition("?")
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": data, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    given = [*headers, *([(b"authorization", b"Bearer " + key.encode())] if key else [])]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": given,
    }
    await plane.app(scope, receive, send)
    head = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Reply(sent[0]["status"], head, b"".join(message.get("body", b"") for message in sent[1:]))
