"""What every format's request must get right for the gateway to govern it, and how its faults are named."""

import re
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from gatepost_gateway.dialects.members import TOO_DEEP, Malformed, parsed
from gatepost_gateway.domain.errors import CallerError, Code

T = TypeVar("T")

MAX_TOKENS = 2**31 - 1
LONGEST_MODEL = 512
LIST = ord("[")
_fields = msgspec.json.Decoder(dict[str, Raw])
_MEMBER = re.compile(rb'\s*[{,]\s*"(?:[^"\\]|\\.)*"\s*:\s*')


def read_envelope(body: bytes, decoder: "msgspec.json.Decoder[T]", what: str) -> tuple[T, dict[str, Raw]]:
    """The envelope, and every member as bytes. Raises CallerError (400): a request that is not `what`, or not JSON."""
    try:
        envelope = decoder.decode(body)
        fields = _fields.decode(body)
        if not body.isascii():
            body.decode()
    except RecursionError:
        raise too_deep() from None
    except msgspec.ValidationError as error:
        raise CallerError(f"the request body is not a {what} request: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CallerError(f"the request body is not valid JSON: {error}", code=Code.INVALID_JSON) from None
    return envelope, fields


def check_model(model: str) -> None:
    """Raises CallerError (400) for a name that no model has."""
    if not model:
        raise CallerError("`model` is empty: name a model, see GET /v1/models")
    if len(model) > LONGEST_MODEL:
        raise CallerError(f"`model` is longer than {LONGEST_MODEL} characters: name a model, see GET /v1/models")


def check_tokens(name: str, value: int | None) -> None:
    """Raises CallerError (400) for a cap that is none."""
    if value is not None and not 1 <= value <= MAX_TOKENS:
        raise CallerError(f"`{name}` must be from 1 to {MAX_TOKENS}")


def untranslatable(words: str) -> CallerError:
    """What the format of the called model's provider has no place for at all: nothing may be sent without it."""
    return CallerError(words, code=Code.NOT_TRANSLATABLE, status=422)


def opened(member: Raw) -> Any:
    """A member that was found to be JSON, to be looked through. Raises CallerError (400) where it is too deep."""
    try:
        return parsed(member)
    except Malformed:
        raise too_deep() from None


def too_deep() -> CallerError:
    """JSON that can be read may still be deeper than it can be walked or written."""
    return CallerError(TOO_DEEP, code=Code.TOO_DEEP)


def check_members(body: bytes, fields: dict[str, Raw], governed: frozenset[str]) -> None:
    """Refuses what two readers may read differently: a member said twice, or one of ours in another case.

    A body without spaces is as long as its members, so only one that is longer is walked.
    """
    length = 1
    for name, value in fields.items():
        if name not in governed and name.casefold() in governed:
            raise CallerError(f"`{name[:64]}` is not a member of the request: did you mean `{name.casefold()[:64]}`?")
        length += len(name) + len(memoryview(value)) + 4
    if length != len(body) and not _each_once(body, fields):
        raise CallerError("a member of the request is there twice: servers differ in which of the two they read")


def _each_once(body: bytes, fields: dict[str, Raw]) -> bool:
    at = 0
    for value in fields.values():
        found = _MEMBER.match(body, at)
        raw = bytes(value)
        if found is None or not body.startswith(raw, found.end()):
            return False
        at = found.end() + len(raw)
    return body[at:].strip() == b"}"
