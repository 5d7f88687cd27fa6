"""Amazon Bedrock's runtime: Converse, and InvokeModel for vectors and pictures; each request is signed, or sent with
a Bedrock API key.

Source: Amazon Bedrock API reference, `Converse` and `ConverseStream` (`/model/{modelId}/converse[-stream]`, error types
in `x-amzn-errortype`); User Guide, "Inference profiles" (profile ids and ARNs stand in the place of a model's id).
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from urllib.parse import quote, urlsplit

import msgspec

from gatepost_gateway.dialects import bedrock_embed, bedrock_images, translation, whole
from gatepost_gateway.dialects.registry import BEDROCK_CONVERSE as SIDE
from gatepost_gateway.dialects.registry import BEDROCK_EMBED, BEDROCK_IMAGES
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import Asked, Operation
from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.errors import CallerError, Code, NextStep, UpstreamError
from gatepost_gateway.domain.ports import Answered, Headers, Origin, StreamReader, Summary, UpstreamRequest
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind
from gatepost_gateway.providers.aws_keys import Bearer, read_keys
from gatepost_gateway.providers.compatible import FIXED, Address, split
from gatepost_gateway.providers.refusal import explain
from gatepost_gateway.providers.sigv4 import AwsKeys, SigningScope, Unsigned, sign

NAME = ProviderKind.BEDROCK.value
_REGION = re.compile(r"bedrock-runtime(?:-fips)?\.([a-z]{2}(?:-[a-z]+)+-\d)\.")
_PREFIX = re.compile(r"(?:us|eu|apac|global|us-gov|jp|au|ca|sa)\.")
"""How the names of inference profiles that cross regions begin."""
_NOWHERE = "bedrock-runtime.amazonaws.com"
"""The address of an entry that names none: a region makes it one."""
_WHOLE: Mapping[Operation, whole.WholeSide] = {Operation.EMBED: BEDROCK_EMBED, Operation.IMAGE: BEDROCK_IMAGES}
_ACCEPT = {False: (b"accept", b"application/json"), True: (b"accept", b"application/vnd.amazon.eventstream")}
_NEXT = frozenset({"ServiceQuotaExceededException", "ModelNotReadyException", "ModelErrorException"})


@lru_cache(maxsize=1024)
def _where(url: str, private_ok: bool) -> Address:
    return split(url, private_ok=private_ok)


class Bedrock:
    """Implements `ports.Provider`. `clock` dates the signatures."""

    kind = ProviderKind.BEDROCK

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @property
    def operations(self) -> frozenset[Operation]:
        return frozenset({Operation.CHAT, *_WHOLE})

    def build(
        self, asked: Asked, entry: ModelEntry, credential: Secret | None, extra: Headers, cap: int | None
    ) -> UpstreamRequest:
        """Raises UpstreamError (nothing sent) without keys or without a region to sign for."""
        keys, beside = _keys(credential)
        region = region_of(entry, beside)
        model = f"{_root(entry, region)}/model/{quote(entry.identifier, safe='')}"
        address = _where(f"{model}/{_method(asked)}", entry.declared)
        bodies, lossy = _bodies(asked, entry, cap)
        signed = [(b"host", _host(address.origin)), FIXED[0]]
        scope = SigningScope(region, "bedrock")
        now = self._clock.micros()

        def request(body: bytes) -> UpstreamRequest:
            if isinstance(keys, Bearer):
                proof: Headers = [(b"authorization", b"Bearer " + keys.token.reveal().encode())]
            else:
                proof = sign(Unsigned(b"POST", address.target, signed, body), keys, scope, now)
            headers = [*FIXED, _ACCEPT[asked.stream], *extra, *proof]
            return UpstreamRequest(address.origin, address.target, headers, body)

        more = tuple(request(body) for body in bodies[1:])
        return msgspec.structs.replace(request(bodies[0]), lossy=lossy, more=more)

    def read(
        self, asked: Asked, body: bytes, headers: Headers = (), rest: Sequence[Answered] = ()
    ) -> tuple[bytes, Summary]:
        try:
            if asked.operation in _WHOLE:
                return whole.read_answer(asked, _WHOLE[asked.operation], [Answered(body, headers), *rest])
            return translation.read_answer(asked, SIDE, body)
        except ValueError as error:
            raise _failed(f"answered something that is not an answer: {error}", Code.UPSTREAM_GARBAGE) from error

    def reader(self, asked: Asked) -> StreamReader:
        return translation.stream_reader(asked, SIDE)

    def explain(self, status: int, headers: Headers, body: bytes) -> UpstreamError:
        """The words of a refused signature repeat the request with its token: there the error's type is enough."""
        said = next((value.decode("latin-1") for name, value in headers if name == b"x-amzn-errortype"), "")
        kind = said.partition(":")[0][:100]
        error = explain(NAME, status, headers, b"" if status in (401, 403) else body)
        error.dialect = SIDE.dialect
        if status in (401, 403) and kind:
            error.public += f": {kind}"
        if kind in _NEXT:
            error.next_step = NextStep.TRY_NEXT
        return error


def _method(asked: Asked) -> str:
    if asked.operation in _WHOLE:
        return "invoke"
    return "converse-stream" if asked.stream else "converse"


def _bodies(asked: Asked, entry: ModelEntry, cap: int | None) -> tuple[list[bytes], tuple[str, ...]]:
    """Raises CallerError (422) for a model that does not do what is asked."""
    if asked.operation not in _WHOLE:
        shape = Shape(model=entry.identifier, stream=asked.stream, cap=cap, max_output=entry.max_output)
        body, lossy = translation.write_request(asked, SIDE, shape)
        return [body], lossy
    shape = Shape(model=foundation_model(entry))
    makes = bedrock_images if asked.operation is Operation.IMAGE else bedrock_embed
    if makes.serves(shape.model):
        return whole.write_request(asked, _WHOLE[asked.operation], shape)
    raise CallerError(
        f"model `{asked.model}` (provider {NAME}, `{shape.model[:200]}`) does not support {asked.operation.value}",
        code=Code.UNSUPPORTED_OPERATION,
        status=422,
    )


def foundation_model(entry: ModelEntry) -> str:
    """The model behind an entry, without a region's prefix: its format depends on it.

    The ARN of an application's own inference profile does not tell; there the entry must.
    """
    said = entry.additional_config.get("foundation_model")
    name = str(said) if said else entry.identifier.rpartition("/")[2]
    return _PREFIX.sub("", name)


def _keys(credential: Secret | None) -> tuple[AwsKeys | Bearer, str | None]:
    if credential is None:
        raise _missing("there are no AWS credentials for it: see docs/providers.md")
    try:
        return read_keys(credential)
    except ValueError as error:
        raise _missing(str(error)) from None


def region_of(entry: ModelEntry, beside: str | None) -> str:
    """The region that the entry names, else that of its address, else the one beside the keys."""
    named = entry.additional_config.get("aws_region")
    found = _REGION.search(entry.base_url)
    region = str(named) if named else found[1] if found else beside
    if not region:
        raise _missing("its region is not known: set `additional_config.aws_region`")
    return region


def _root(entry: ModelEntry, region: str) -> str:
    if urlsplit(entry.base_url).hostname != _NOWHERE:
        return entry.base_url.rstrip("/")
    return f"https://bedrock-runtime.{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")


def _host(origin: Origin) -> bytes:
    usual = origin.port == {"https": 443, "http": 80}.get(origin.scheme)
    return (origin.host if usual else f"{origin.host}:{origin.port}").encode("ascii", "replace")


def _missing(words: str) -> UpstreamError:
    return _failed(f"cannot be called: {words}", Code.PROVIDER_KEY_MISSING, status=422)


def _failed(words: str, code: Code, status: int = 502) -> UpstreamError:
    return UpstreamError(
        f"{NAME} {words}",
        code=code,
        status=status,
        next_step=NextStep.TRY_NEXT,
        provider=NAME,
        sent=code is Code.UPSTREAM_GARBAGE,
    )
