"""Anthropic's own API: the Messages format, the key in `x-api-key`, a version of the API in every request.

Source: Anthropic's API reference, "Authentication", "Versions", "Beta headers" and "Errors" (529: overloaded).
"""

from collections.abc import Sequence
from functools import lru_cache

from gatepost_gateway.dialects import counts, translation
from gatepost_gateway.dialects.registry import ANTHROPIC_MESSAGES as SIDE
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.errors import Code, NextStep, UpstreamError
from gatepost_gateway.domain.ports import Answered, Headers, StreamReader, Summary, UpstreamRequest
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind
from gatepost_gateway.domain.usage import NOTHING
from gatepost_gateway.providers.compatible import ACCEPT, FIXED, Address, split
from gatepost_gateway.providers.refusal import explain

NAME = ProviderKind.ANTHROPIC.value
API_VERSION = (b"anthropic-version", b"2023-06-01")
_PATHS = {Operation.CHAT: "/v1/messages", Operation.COUNT: "/v1/messages/count_tokens"}
_TOKEN = "sk-ant-oat"  # noqa: S105 - how an access token begins
"""An access token goes in `Authorization`; a key does not."""


@lru_cache(maxsize=1024)
def _where(url: str, private_ok: bool) -> Address:
    return split(url, private_ok=private_ok)


class Anthropic:
    """Implements `ports.Provider`."""

    kind = ProviderKind.ANTHROPIC

    @property
    def operations(self) -> frozenset[Operation]:
        return frozenset(_PATHS)

    def build(
        self, asked: Asked, entry: ModelEntry, credential: Secret | None, extra: Headers, cap: int | None
    ) -> UpstreamRequest:
        root = entry.base_url.rstrip("/").removesuffix("/v1")
        address = _where(root + _PATHS[asked.operation], entry.declared)
        shape = Shape(model=entry.identifier, stream=asked.stream, cap=cap, max_output=entry.max_output)
        body, lossy = translation.write_request(asked, SIDE, shape)
        if asked.operation is Operation.COUNT:
            body = counts.anthropic_request(asked, body)
        headers = [*FIXED, ACCEPT[asked.stream], *extra]
        if not any(name == API_VERSION[0] for name, _ in extra):
            headers.append(API_VERSION)
        if credential is not None:
            headers.append(_auth(credential.reveal()))
        return UpstreamRequest(address.origin, address.target, headers, body, lossy=lossy)

    def read(
        self,
        asked: Asked,
        body: bytes,
        headers: Headers = (),  # noqa: ARG002 - the port's shape
        rest: Sequence[Answered] = (),  # noqa: ARG002
    ) -> tuple[bytes, Summary]:
        try:
            if asked.operation is Operation.COUNT:
                return counts.answer(asked, SIDE.dialect, body), Summary(usage=NOTHING)
            return translation.read_answer(asked, SIDE, body)
        except ValueError as error:
            raise UpstreamError(
                f"{NAME} answered something that is not a message: {error}",
                code=Code.UPSTREAM_GARBAGE,
                status=502,
                next_step=NextStep.TRY_NEXT,
                provider=NAME,
            ) from error

    def reader(self, asked: Asked) -> StreamReader:
        return translation.stream_reader(asked, SIDE)

    def explain(self, status: int, headers: Headers, body: bytes) -> UpstreamError:
        return explain(NAME, status, headers, body, DialectName.ANTHROPIC_MESSAGES)


def _auth(key: str) -> tuple[bytes, bytes]:
    if key.startswith(_TOKEN):
        return (b"authorization", b"Bearer " + key.encode("latin-1"))
    return (b"x-api-key", key.encode("latin-1"))
