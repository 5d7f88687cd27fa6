"""Stage 2: the call gets its ids, its session, its properties, and its place among the caller's other calls.

Strategies of DESIGN section 6 that stand here: the session header, and a new session; what needs the body is in
`chain`. Cheap refusals come first: request rates are counted before a byte of the body is read.
"""

from collections.abc import Mapping

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.errors import CallerError, Code, Forbidden
from gatepost_gateway.domain.governance import Principal
from gatepost_gateway.domain.ports import Rates
from gatepost_gateway.domain.records import Closed
from gatepost_gateway.domain.tracing import read_parent, read_state
from gatepost_gateway.pipeline.call import OWN, Call
from gatepost_gateway.pipeline.chain import owner_of
from gatepost_gateway.pipeline.limits import count_request
from gatepost_gateway.pipeline.sessions import Sessions

MOST_PROPERTIES = 20
LONGEST_KEY = 64
LONGEST_VALUE = 512
RESERVED = "policy_"
_LONGEST_LABEL = 512


async def bind(call: Call, principal: Principal, sessions: Sessions, rates: Rates) -> None:
    """Fills in the record. Raises CallerError (400) for a malformed id, Forbidden (403) for a session of another owner,
    LimitExceeded (429) when a request rate is used up, or too many calls are under way.
    """
    own = _bind_owner(call, principal)
    await count_request(rates, call)
    await _bind_session(call, own.get("session-id"), sessions)
    _bind_labels(call.record, call.inbound.headers, own)


def bind_step(call: Call, principal: Principal, session: tuple[str | None, int | None]) -> None:
    """Fills in the record of a step within a call that was bound already: it is counted nowhere, and has its `session`
    and turn. Raises CallerError (400) for a malformed id.
    """
    own = _bind_owner(call, principal)
    call.record.session_id, call.record.turn = session
    _bind_labels(call.record, call.inbound.headers, own)


def _bind_owner(call: Call, principal: Principal) -> dict[str, str]:
    """Whose call it is; the headers that speak to the gateway."""
    record, headers = call.record, call.inbound.headers
    record.org, record.project, record.proxy = principal.org, principal.project, principal.proxy
    record.key_id = principal.key_id
    call.project = call.snapshot.project_of(principal.project, principal.proxy)
    call.proxy = call.snapshot.proxies.get(principal.proxy) if principal.proxy is not None else None
    user = headers.get(b"x-user-id")
    record.user = _label(user) if user is not None else None
    own = own_headers(headers, call.snapshot.document.header_prefixes)
    record.properties = properties_of(own, record)
    return own


def own_headers(headers: Mapping[bytes, bytes], prefixes: tuple[str, ...]) -> dict[str, str]:
    """The headers that speak to the gateway, without their prefix; a compatible prefix yields to our own."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        if name.startswith(OWN):
            found[name[len(OWN) :].decode("latin-1")] = value.decode("utf-8", "replace")
    for prefix in prefixes:
        start = prefix.encode("latin-1")
        for name, value in headers.items():
            if name.startswith(start):
                found.setdefault(name[len(start) :].decode("latin-1"), value.decode("utf-8", "replace"))
    return found


async def _bind_session(call: Call, asked: str | None, sessions: Sessions) -> None:
    record, owner = call.record, owner_of(call)
    # A refusal is a call as well, and says which session it was in.
    record.session_id, record.turn = sessions.fresh(owner, record.at), 1
    if asked is None:
        return
    if not ids.is_uuid(asked):
        raise CallerError(
            "the session id is not a UUID: send one in `X-Gatepost-Session-Id`, or leave the header out",
            code=Code.INVALID_SESSION,
        )
    session_id = asked.lower()
    turn = await sessions.named(session_id, owner, record.at)
    if turn is None:
        raise Forbidden(
            "this session belongs to another project or proxy: use a new session id", code=Code.FOREIGN_SESSION
        )
    call.named, record.session_id, record.turn = True, session_id, turn


def _bind_labels(record: Closed, headers: Mapping[bytes, bytes], own: dict[str, str]) -> None:
    for header, field in ((b"x-request-source", "request_source"), (b"x-correlation-id", "correlation_id")):
        value = headers.get(header)
        if value is not None:
            setattr(record, field, _label(value))
    if (parent := headers.get(b"traceparent")) is not None:
        _bind_trace(record, parent, headers.get(b"tracestate"))
    if not own:
        return
    path = own.get("session-path")
    record.session_path = path[:_LONGEST_LABEL] if path else None
    record.parent_trace_id = _uuid(own, "parent-trace-id")
    record.flow_id = _uuid(own, "flow-id") or _uuid(own, "trace-flow-id")


def _bind_trace(record: Closed, said: bytes, state: bytes | None) -> None:
    parent = read_parent(said)
    if parent is not None:
        record.traceparent = parent.header()
        record.tracestate = read_state(state) if state is not None else None


def _uuid(own: dict[str, str], name: str) -> str | None:
    value = own.get(name)
    if value is None:
        return None
    if not ids.is_uuid(value):
        raise CallerError(f"`X-Gatepost-{name.title()}` is not a UUID")
    return value.lower()


def properties_of(own: dict[str, str], record: Closed) -> dict[str, str] | None:
    """At most 20 properties; what is dropped or cut is said in the record's warnings, and so in the answer."""
    kept: dict[str, str] = {}
    warnings: list[str] = []
    for name, value in own.items():
        if not name.startswith("property-"):
            continue
        key = name.removeprefix("property-")
        if not key or len(key) > LONGEST_KEY or key.startswith(RESERVED):
            warnings.append(f"property {key[:LONGEST_KEY]} dropped: its name is empty, too long or reserved")
        elif len(kept) == MOST_PROPERTIES:
            warnings.append(f"property {key} dropped: more than {MOST_PROPERTIES}")
        else:
            if len(value) > LONGEST_VALUE:
                warnings.append(f"property {key} cut to {LONGEST_VALUE} characters")
            kept[key] = value[:LONGEST_VALUE]
    if warnings:
        record.warnings += tuple(warnings[:MOST_PROPERTIES])
    return kept or None


def _label(value: bytes) -> str:
    return value.decode("utf-8", "replace")[:_LONGEST_LABEL]
