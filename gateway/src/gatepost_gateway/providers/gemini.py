"""Google's Gemini API: the model stands in the path, the key in a header.

Source: Gemini API reference, `models.generateContent`, `models.streamGenerateContent`,
`models.embedContent`, `models.batchEmbedContents`, `models.countTokens`; "API keys"
(`x-goog-api-key`); google.rpc error details (`ErrorInfo`, `RetryInfo`).
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote

import msgspec
from msgspec import Struct

from gatepost_gateway.dialects import counts, translation, whole
from gatepost_gateway.dialects.registry import GEMINI_EMBED
from gatepost_gateway.dialects.registry import GEMINI_GENERATE as SIDE
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import Asked, Operation
from gatepost_gateway.domain.errors import CallerError, Code, NextStep, UpstreamError
from gatepost_gateway.domain.ports import Answered, Headers, StreamReader, Summary, UpstreamRequest
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind
from gatepost_gateway.domain.usage import NOTHING
from gatepost_gateway.providers.compatible import ACCEPT, FIXED, Address, split
from gatepost_gateway.providers.refusal import explain, retry_after

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_THINKS = re.compile(r"gemini-(?:2\.5|[3-9]|\d\d)|gemini-(?:flash|pro)(?:-lite)?-latest")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")
_KEY_REASONS = frozenset({"API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "API_KEY_HTTP_REFERRER_BLOCKED"})
NAME = ProviderKind.GEMINI.value


class _Detail(Struct):
    reason: str = ""
    retry: str = msgspec.field(name="retryDelay", default="")


class _Error(Struct):
    status: str = ""
    details: list[_Detail] = msgspec.field(default_factory=list[_Detail])


class _Body(Struct):
    error: _Error


_body = msgspec.json.Decoder(_Body)


@lru_cache(maxsize=1024)
def _where(url: str, private_ok: bool) -> Address:
    return split(url, private_ok=private_ok)


class Gemini:
    """Implements `ports.Provider`."""

    kind = ProviderKind.GEMINI

    @property
    def operations(self) -> frozenset[Operation]:
        return frozenset({Operation.CHAT, Operation.EMBED, Operation.COUNT})

    def build(
        self, asked: Asked, entry: ModelEntry, credential: Secret | None, extra: Headers, cap: int | None
    ) -> UpstreamRequest:
        """Raises CallerError (404) for a name that would be more than one segment of the path."""
        model = entry.identifier.removeprefix("models/")
        if not _SEGMENT.fullmatch(model):
            raise CallerError(
                f"`{model[:200]}` is not the name of a Gemini model", code=Code.MODEL_NOT_FOUND, status=404
            )
        address = _where(f"{entry.base_url.rstrip('/')}/{model}:{_method(asked)}", entry.declared)
        shape = Shape(
            model=model,
            stream=asked.stream,
            cap=cap,
            max_output=entry.max_output,
            thinks=_THINKS.match(model) is not None,
        )
        if asked.operation is Operation.EMBED:
            bodies, lossy = whole.write_request(asked, GEMINI_EMBED, shape)
        else:
            body, lossy = translation.write_request(asked, SIDE, shape)
            bodies = [counts.gemini_request(body, model) if asked.operation is Operation.COUNT else body]
        headers, target = [*FIXED, ACCEPT[asked.stream], *extra], address.target
        if credential is not None and entry.additional_config.get("auth") == "query":
            target += (b"&" if b"?" in target else b"?") + b"key=" + quote(credential.reveal(), safe="").encode()
        elif credential is not None:
            headers.append((b"x-goog-api-key", credential.reveal().encode("latin-1")))
        more = tuple(UpstreamRequest(address.origin, target, headers, body) for body in bodies[1:])
        return UpstreamRequest(address.origin, target, headers, bodies[0], lossy=lossy, more=more)

    def read(
        self, asked: Asked, body: bytes, headers: Headers = (), rest: Sequence[Answered] = ()
    ) -> tuple[bytes, Summary]:
        try:
            if asked.operation is Operation.EMBED:
                return whole.read_answer(asked, GEMINI_EMBED, [Answered(body, headers), *rest])
            if asked.operation is Operation.COUNT:
                return counts.answer(asked, SIDE.dialect, body), Summary(usage=NOTHING)
            return translation.read_answer(asked, SIDE, body)
        except ValueError as error:
            raise UpstreamError(
                f"{NAME} answered something that is not an answer: {error}",
                code=Code.UPSTREAM_GARBAGE,
                status=502,
                next_step=NextStep.TRY_NEXT,
                provider=NAME,
            ) from error

    def reader(self, asked: Asked) -> StreamReader:
        return translation.stream_reader(asked, SIDE)

    def explain(self, status: int, headers: Headers, body: bytes) -> UpstreamError:
        """A wrong key is a 400 here; how long to wait stands in the body."""
        try:
            said = _body.decode(body).error
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            said = _Error()
        error = explain(NAME, status, headers, body)
        if any(detail.reason in _KEY_REASONS for detail in said.details):
            error = explain(NAME, 401, headers, body)
            error.upstream_status = status
        error.dialect = SIDE.dialect
        if error.retry_after is None:
            found = next((match for one in said.details if (match := _SECONDS.fullmatch(one.retry))), None)
            error.retry_after = min(float(found[1]), 86_400.0) if found else retry_after(headers)
        return error


def _method(asked: Asked) -> str:
    if asked.operation is Operation.EMBED:
        return "embedContent" if asked.single else "batchEmbedContents"
    if asked.operation is Operation.COUNT:
        return "countTokens"
    return "streamGenerateContent?alt=sse" if asked.stream else "generateContent"
