"""Every server that speaks OpenAI's wire format: a family is its way to address and its way to authorise.

Addresses: OpenAI and compatible servers take `<root>/chat/completions`; Azure OpenAI takes a deployment root and an
`api-version` in the query (Azure OpenAI REST API reference, "Chat completions"); an internal server is called at the
address that the entry names, verbatim.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from msgspec import Struct

from gatepost_gateway.dialects import translation, whole
from gatepost_gateway.dialects.sides import ProviderSide, Shape
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.errors import Code, GatewayFault, NextStep, UpstreamError
from gatepost_gateway.domain.ports import Answered, Headers, Origin, StreamReader, Summary, UpstreamRequest
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind
from gatepost_gateway.providers.formats import ANSWERS, PATHS, SIDES, WHOLE, wire_of
from gatepost_gateway.providers.refusal import explain
from gatepost_gateway.version import VERSION

AZURE_API_VERSION = "2024-08-01-preview"
_DEPLOYMENTS = "/deployments/"
_PORTS = {"http": 80, "https": 443, "sandbox": 0}
FIXED: tuple[tuple[bytes, bytes], ...] = (
    (b"content-type", b"application/json"),
    (b"user-agent", f"gatepost/{VERSION}".encode()),
)
ACCEPT = {False: (b"accept", b"application/json"), True: (b"accept", b"text/event-stream")}


_PLAIN = re.compile(r"[!-~]+")
_THINKS = re.compile(r"(?:^|[/.:])(?:o\d|gpt-(?:[5-9]|oss))|reason|think|deepseek-r|qwq|grok-[3-9]", re.IGNORECASE)
"""Names of models that take `reasoning_effort`."""
_OFFICIAL = ("https://api.openai.com", "https://eu.api.openai.com")
"""Servers that refuse earlier thoughts in a request."""


class Address(Struct, frozen=True):
    """Where one entry is called for one operation: worked out once."""

    origin: Origin
    target: bytes


def below_root(entry: ModelEntry, dialect: DialectName) -> str:
    return entry.base_url.rstrip("/") + PATHS[dialect]


def by_deployment(entry: ModelEntry, dialect: DialectName) -> str:
    """Responses are the resource's, not a deployment's: its name goes into the body (Azure's "Responses API").

    Azure's version 1 API, below `/openai/v1`, takes no `api-version`; an entry that says an empty one sends none.
    """
    root = entry.base_url.rstrip("/")
    if dialect is DialectName.OPENAI_RESPONSES and (resource := root.partition(_DEPLOYMENTS)) and resource[1]:
        return f"{resource[0]}/v1{PATHS[dialect]}"
    usual = "" if root.endswith("/openai/v1") else AZURE_API_VERSION
    version = entry.additional_config.get("api_version", usual)
    return f"{root}{PATHS[dialect]}" + (f"?api-version={version}" if version else "")


def name_of(entry: ModelEntry, dialect: DialectName) -> str:
    """The model's name in the body."""
    if entry.provider is not ProviderKind.AZURE or dialect is not DialectName.OPENAI_RESPONSES:
        return entry.identifier
    return entry.base_url.rstrip("/").partition(_DEPLOYMENTS)[2] or entry.identifier


def verbatim(entry: ModelEntry, dialect: DialectName) -> str:  # noqa: ARG001 - the shape of every address rule
    return entry.base_url


def bearer(secret: Secret) -> tuple[bytes, bytes]:
    return (b"authorization", b"Bearer " + secret.reveal().encode("latin-1"))


def api_key_header(secret: Secret) -> tuple[bytes, bytes]:
    return (b"api-key", secret.reveal().encode("latin-1"))


def split(url: str, *, private_ok: bool) -> Address:
    """Raises GatewayFault when the registry holds an address that no request can go to."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _misplaced() from None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme not in _PORTS or not parts.hostname or not _PLAIN.fullmatch(target):
        raise _misplaced()
    origin = Origin(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], private_ok)
    return Address(origin, target.encode("ascii"))


def _misplaced() -> GatewayFault:
    # Without the address itself: it may hold a password, and the caller is not its owner.
    return GatewayFault(
        "the model's address is not an http or https URL: whoever runs this must correct its `base_url`"
    )


def thinks(entry: ModelEntry) -> bool:
    """Whether a model can be told how much to think. The entry may say; else its name does."""
    said = entry.additional_config.get("reasoning")
    return bool(said) if said is not None else _thinks_by_name(entry.identifier)


@lru_cache(maxsize=1024)
def _thinks_by_name(identifier: str) -> bool:
    return _THINKS.search(identifier) is not None


def _wire(asked: Asked) -> DialectName:
    return asked.wire or DialectName.OPENAI_CHAT


def _side(asked: Asked) -> ProviderSide:
    return SIDES[_wire(asked)]


class Compatible:
    """Implements `ports.Provider`."""

    def __init__(
        self,
        kind: ProviderKind,
        *,
        address: Callable[[ModelEntry, DialectName], str],
        auth: Callable[[Secret], tuple[bytes, bytes]],
        operations: frozenset[Operation] = frozenset({Operation.CHAT, Operation.EMBED}),
    ) -> None:
        self.kind = kind
        self.operations = operations
        self._auth = auth

        @lru_cache(maxsize=1024)
        def where(url: str, private_ok: bool) -> Address:
            return split(url, private_ok=private_ok)

        self._where = where
        self._address = address

    def build(
        self, asked: Asked, entry: ModelEntry, credential: Secret | None, extra: Headers, cap: int | None
    ) -> UpstreamRequest:
        asked.wire = wire_of(entry, asked)
        address = self._where(self._address(entry, asked.wire), entry.declared)
        # Older compatible servers know `max_tokens` only; OpenAI's newer models refuse it.
        cap_field = "max_completion_tokens" if self.kind in (ProviderKind.OPENAI, ProviderKind.AZURE) else "max_tokens"
        shape = Shape(
            model=name_of(entry, asked.wire),
            stream=asked.stream,
            cap=cap,
            max_output=entry.max_output,
            cap_field=cap_field,
            thinks=thinks(entry),
            echoes=self.kind is ProviderKind.INTERNAL or not entry.base_url.startswith(_OFFICIAL),
        )
        if asked.wire in WHOLE:
            (body,), lossy = whole.write_request(asked, WHOLE[asked.wire], shape)
        else:
            body, lossy = translation.write_request(asked, SIDES[asked.wire], shape)
        headers = [*FIXED, ACCEPT[asked.stream], *extra]
        if credential is not None:
            headers.append(self._auth(credential))
        return UpstreamRequest(address.origin, address.target, headers, body, lossy=lossy)

    def read(
        self, asked: Asked, body: bytes, headers: Headers = (), rest: Sequence[Answered] = ()
    ) -> tuple[bytes, Summary]:
        wire = _wire(asked)
        try:
            if wire in WHOLE:
                return whole.read_answer(asked, WHOLE[wire], [Answered(body, headers), *rest])
            return translation.read_answer(asked, SIDES[wire], body)
        except ValueError as error:
            raise self._garbage(ANSWERS[wire], str(error)) from error

    def reader(self, asked: Asked) -> StreamReader:
        return translation.stream_reader(asked, _side(asked))

    def explain(self, status: int, headers: Headers, body: bytes) -> UpstreamError:
        return explain(self.kind.value, status, headers, body, DialectName.OPENAI_CHAT)

    def _garbage(self, what: str, why: str) -> UpstreamError:
        return UpstreamError(
            f"{self.kind.value} answered something that is not {what}: {why}",
            code=Code.UPSTREAM_GARBAGE,
            status=502,
            next_step=NextStep.TRY_NEXT,
            provider=self.kind.value,
        )
