"""The tool servers that an execution names: read from its `tools`, and their tools offered to the model.

A tool goes by its own name. Where two would share one, or a name would be the caller's own, each goes by its server's
label and its name; the way back is kept with the conversation.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal, cast
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct, field

from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.mcp import McpLimits, RemoteTool, ToolServer, place_of
from gatepost_gateway.domain.secret import Secret

LONGEST_NAME = 64
"""Characters that providers take in the name of a tool."""
_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_UNSPOKEN = re.compile(r"[^A-Za-z0-9_-]")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_VALUE = re.compile(r"[\x20-\x7e\t]{0,8192}")
_OURS = frozenset(
    {
        *("host", "connection", "keep-alive", "content-length", "transfer-encoding", "upgrade", "te", "trailer"),
        *("expect", "proxy-authorization", "proxy-connection", "accept", "accept-encoding", "content-type"),
        *("mcp-session-id", "mcp-protocol-version", "last-event-id"),
    }
)
_MOST_HEADERS = 32
Json = dict[str, Any]


class Names(Struct, forbid_unknown_fields=True):
    tool_names: list[str]


class Approvals(Struct, forbid_unknown_fields=True):
    """A tool on the list `always` waits; one on `never` does not; the others wait where there is a list `never`."""

    always: Names | None = None
    never: Names | None = None


class McpTool(Struct, forbid_unknown_fields=True):
    """A member of `tools` that stands for everything that a server offers."""

    type: Literal["mcp"]
    server_label: str
    server_url: str
    require_approval: Literal["always", "never"] | Approvals | None = None
    allowed_tools: list[str] | Names | None = None
    headers: dict[str, str] | None = None

    @property
    def server(self) -> ToolServer:
        headers = tuple((name, Secret(value)) for name, value in (self.headers or {}).items())
        return ToolServer(self.server_label, Secret(self.server_url), headers)

    def allows(self, tool: str) -> bool:
        allowed = self.allowed_tools.tool_names if isinstance(self.allowed_tools, Names) else self.allowed_tools
        return allowed is None or tool in allowed

    def waits(self, tool: str) -> bool:
        """Whether a call of the tool waits for the caller's approval."""
        said = self.require_approval
        if not isinstance(said, Approvals):
            return said == "always"
        if said.always is not None and tool in said.always.tool_names:
            return True
        return said.never is not None and tool not in said.never.tool_names


class Offer(Struct):
    """A tool of a server, as the model knows it. `mark` is a hash of its definition when it was offered."""

    name: str
    server: str
    tool: str
    waits: bool = False
    mark: str = ""


class Offered(Struct):
    """What the model is offered, and whose each of it is."""

    tools: list[Json] = field(default_factory=list[Json])
    offers: list[Offer] = field(default_factory=list[Offer])


def split(tools: Sequence[Json], limits: McpLimits) -> tuple[list[Json], list[Json]]:
    """The caller's own functions, and the servers that it names. Raises CallerError (422)."""
    functions = [tool for tool in tools if tool.get("type") == "function"]
    servers = [tool for tool in tools if tool.get("type") == "mcp"]
    for tool in tools:
        if tool.get("type") not in ("function", "mcp"):
            raise CallerError(
                f"a tool of type `{str(tool.get('type'))[:40]}` is not supported: send `function` or `mcp`",
                code=Code.UNSUPPORTED_OPERATION,
                status=422,
            )
    labels = [read_server(one).server_label for one in servers]
    if len(labels) != len(set(labels)):
        raise _invalid("each tool server needs a `server_label` of its own")
    if len(servers) > limits.servers:
        raise _invalid(f"an execution may name {limits.servers} tool servers")
    return functions, servers


def read_server(said: Json) -> McpTool:
    """Raises CallerError (422) that names the member at fault, and says nothing of what stands in it."""
    try:
        tool = msgspec.convert(said, McpTool)
    except msgspec.ValidationError as error:
        raise _invalid(f"a tool of type `mcp` is not valid: {error}") from None
    if not _LABEL.fullmatch(tool.server_label):
        raise _invalid("a `server_label` begins with a letter and has up to 64 letters, digits, `-` and `_`")
    _check_url(tool.server_label, tool.server_url)
    for name, value in (tool.headers or {}).items():
        if not _HEADER.fullmatch(name) or name.lower() in _OURS or not _VALUE.fullmatch(value):
            raise _invalid(f"a header of the tool server `{tool.server_label}` is not one that may be sent")
    if len(tool.headers or ()) > _MOST_HEADERS:
        raise _invalid(f"the tool server `{tool.server_label}` may get {_MOST_HEADERS} headers")
    return tool


def offered(functions: Sequence[Json], listed: Sequence[tuple[McpTool, Sequence[RemoteTool]]], most: int) -> Offered:
    """Everything under one name each. Raises CallerError (422) when it is more than `most`."""
    own = [name_of(one) for one in functions]
    found = [(server, tool) for server, tools in listed for tool in tools if server.allows(tool.name)]
    if len(found) + len(functions) > most:
        raise _invalid(f"{len(found) + len(functions)} tools are more than {most}: name fewer in `allowed_tools`")
    shared = Counter(_spoken(tool.name) for _, tool in found) + Counter(own)
    taken = set(own)
    made = Offered(tools=list(functions))
    for server, tool in found:
        plain = _spoken(tool.name)
        wanted = plain if shared[plain] == 1 else f"{server.server_label}__{plain}"[:LONGEST_NAME]
        name = _free(wanted, taken)
        taken.add(name)
        made.offers.append(Offer(name, server.server_label, tool.name, server.waits(tool.name), mark_of(tool)))
        function: Json = {"name": name, "description": tool.description or "", "parameters": tool.schema}
        if tool.description is None:
            del function["description"]
        made.tools.append({"type": "function", "function": function})
    return made


def mark_of(tool: RemoteTool) -> str:
    """What a definition is known again by."""
    said = msgspec.json.encode([tool.name, tool.description, tool.schema], order="sorted")
    return hashlib.sha256(said).hexdigest()


def function_of(said: Json) -> Json:
    """The function of a tool, or of a call of one."""
    function = said.get("function")
    return cast("Json", function) if isinstance(function, dict) else {}


def name_of(said: Json) -> str:
    return str(function_of(said).get("name") or "")


def _spoken(name: str) -> str:
    """A name in the letters that every provider takes."""
    return _UNSPOKEN.sub("_", name)[:LONGEST_NAME] or "_"


def _free(wanted: str, taken: Iterable[str]) -> str:
    name, number = wanted, 1
    while name in taken:
        number += 1
        end = f"_{number}"
        name = wanted[: LONGEST_NAME - len(end)] + end
    return name


def _check_url(label: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        place_of(url)
    except ValueError:
        raise _invalid(
            f"the `server_url` of `{label}` is not an address that begins with https:// or http://"
        ) from None
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _invalid(f"the `server_url` of `{label}` holds credentials or a fragment: send credentials in `headers`")
    if len(url) > 4096 or not url.isascii() or any(one <= " " or one == "\x7f" for one in url):
        raise _invalid(f"the `server_url` of `{label}` holds what no address can, or is too long")


def _invalid(words: str) -> CallerError:
    error = CallerError(words, code=Code.VALIDATION_FAILED, status=422)
    error.param = "tools"
    return error
