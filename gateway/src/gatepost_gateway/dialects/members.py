"""Members of JSON that another program wrote, read with care: what has another shape than promised is said by name."""

from decimal import Decimal
from typing import Any, cast

import msgspec
from msgspec import Raw

_MOST_WHOLE = 2**63
_MOST = 1.7976931348623157e308
TOO_DEEP = "the JSON is nested too deeply"


class Malformed(ValueError):
    """A body does not have the shape that its format promises."""


def decoded(body: Any) -> Any:
    """Bytes (or a `Raw`) as JSON. Raises Malformed."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(str(error) or TOO_DEEP) from None


def exactly(body: Any) -> Any:
    """As `decoded`, with each number as it was written: what a float cannot hold is a `Decimal`. Raises Malformed."""
    try:
        return _exact.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(str(error) or TOO_DEEP) from None


def _number(said: str) -> float | Decimal:
    value = float(said)
    try:
        return value if repr(value) == said else Decimal(said)
    except ArithmeticError:
        raise ValueError("a number is too large") from None


_exact = msgspec.json.Decoder(float_hook=_number)
encode = msgspec.json.Encoder(decimal_format="number").encode
"""JSON of what was read, each number as it was."""


def object_text(text: str) -> Raw | None:
    """JSON text of an object, as it is but without spaces between its words; None for any other text."""
    raw = text.encode("utf-8", "replace").strip() or b"{}"
    if not raw.startswith(b"{"):
        return None
    try:
        _exact.decode(raw)
        return Raw(msgspec.json.format(raw, indent=-1))
    except (msgspec.DecodeError, RecursionError):
        return None


_lenient = msgspec.json.Decoder(float_hook=lambda said: None)  # noqa: ARG005


def parsed(body: Any) -> Any:
    """Bytes (or a `Raw`) as JSON, whatever its numbers: one beyond what a float can hold is None. Raises Malformed."""
    try:
        try:
            return msgspec.json.decode(body)
        except msgspec.ValidationError:
            return _lenient.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(str(error) or TOO_DEEP) from None


def as_object(value: Any, where: str) -> dict[str, Any]:
    """Raises Malformed unless `value` is a JSON object."""
    if not isinstance(value, dict):
        raise Malformed(f"`{where}` is not an object")
    return cast("dict[str, Any]", value)


def as_list(value: Any, where: str) -> list[Any]:
    """A list; an absent or null one is empty. Raises Malformed."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed(f"`{where}` is not a list")
    return cast("list[Any]", value)


def as_text(value: Any, where: str) -> str:
    """A string; an absent or null one is empty. Raises Malformed."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(f"`{where}` is not a string")
    return value


def as_whole(value: Any, where: str) -> int | None:
    """A whole number, or None when it is absent. Raises Malformed."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, float | Decimal) and abs(value) < _MOST_WHOLE and value == int(value):
        return int(value)
    raise Malformed(f"`{where}` is not a whole number")


def as_number(value: Any, where: str) -> float | None:
    """A number as it was written, or None when it is absent. Raises Malformed."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, Decimal) and abs(near := float(value)) <= _MOST:
        return near
    raise Malformed(f"`{where}` is not a number")


def as_flag(value: Any, where: str) -> bool | None:
    """True or false, or None when it is absent. Raises Malformed."""
    if value is None or isinstance(value, bool):
        return value
    raise Malformed(f"`{where}` is neither true nor false")


def rest_of(value: dict[str, Any], known: frozenset[str]) -> dict[str, Any] | None:
    """The members that are not known and say something; None when there are none."""
    return {name: said for name, said in value.items() if name not in known and tells(said)} or None


def tells(value: Any) -> bool:
    """Whether a member says anything: an object of nothing but nulls says as little as null."""
    if isinstance(value, dict):
        return any(tells(inner) for inner in cast("dict[str, Any]", value).values())
    return value not in (None, [])


def split_data_url(url: str) -> tuple[str, str] | None:
    """(media type, base64) of a `data:` URL; None for any other."""
    if not url.startswith("data:"):
        return None
    head, comma, data = url[5:].partition(",")
    mime, _, encoding = head.rpartition(";")
    if not comma or encoding != "base64":
        raise Malformed("a `data:` URL is not base64")
    return mime.partition(";")[0] or "application/octet-stream", data
