"""Bodies opened for policy: every string of a request or an answer, and a way to write a changed one back.

What is written back is re-encoded along its own path and nowhere else: every other member keeps its bytes, its order,
its numbers as they were written. A body that nothing was changed in is the caller's own.
"""

import re
from typing import Any, cast

import msgspec

from gatepost_gateway.dialects.members import TOO_DEEP, Malformed, parsed
from gatepost_gateway.dialects.payloads import Words, is_data_url, words_of, words_of_url
from gatepost_gateway.dialects.places import (
    CALL_TYPES,
    CARRIERS,
    CLOSED,
    EMBEDS,
    FREE,
    KEPT,
    MEMBERS,
    NAMES,
    ROLES,
    SKIPPED,
    TOKENS,
    TOP,
    TYPES,
)
from gatepost_gateway.dialects.tools import declared_tools
from gatepost_gateway.domain.chat import Asked
from gatepost_gateway.domain.findings import BASE64_INSIDE, JSON_INSIDE, KEY, Called, Leaf, Place, Texts

Path = tuple[str | int, ...]
LONG_NUMBER = 10**6
"""From here on a whole number may be a telephone or a card, and is read as text."""
_ARGUMENTS = {"function": "arguments", "custom": "input", "functionCall": "args", "function_call": "args"}
"""Members that hold a call, and what its arguments are called there."""
_encode = msgspec.json.Encoder().encode
_WORD = re.compile(r"[\w.:/;=+#$,-]*", re.ASCII)
"""What words of a format, ids and media types are made of."""
_ESCAPED = re.compile(r"\\+u(?:([dD][89abAB][0-9a-fA-F]{2})\\+u([dD][c-fC-F][0-9a-fA-F]{2})|([0-9a-fA-F]{4}))")
"""A character that JSON escapes, however often it was written into another string; two halves of one together."""
_SEALED = "redacted_thinking"
_SCHEMAS = frozenset({Place.TOOL, Place.OTHER})


def open_request(asked: Asked) -> Texts:
    """Every text of a request. Raises Malformed for JSON that two readers may read differently."""
    body = parsed(asked.body)
    opener = _Opener(asks=True)
    with _not_too_deep:
        if isinstance(body, dict):
            opener.top(cast("dict[str, Any]", body), Place.OTHER)
    opener.check(asked.body)
    tools = declared_tools(cast("dict[str, Any]", body)) if isinstance(body, dict) else ()
    return Texts(tuple(opener.leaves), tools, tuple(opener.calls), tuple(opener.unread), body)


def open_answer(body: bytes) -> Texts:
    """Every text of a whole answer, in whatever format the caller speaks. Raises Malformed."""
    opener = _Opener()
    with _not_too_deep:
        opener.value(parsed(body), (), Place.ASSISTANT)
    opener.check(body)
    return Texts(tuple(opener.leaves), (), tuple(opener.calls))


def open_json(text: str, place: Place, path: Path = ()) -> list[Leaf] | None:
    """The strings, long numbers and odd keys of a JSON text; None when it is not an object or a list.

    A JSON text that is one string is opened too. Raises Malformed when a member is there twice.
    """
    if not text.lstrip().startswith(("{", "[", '"')):
        return None
    try:
        value = parsed(text.encode())
    except Malformed:
        return None
    opener = _Opener()
    with _not_too_deep:
        opener.free(value, path, place)
    opener.check(text.encode())
    return opener.leaves


def legible(text: str) -> str:
    """The text with what JSON escapes in it as it is meant: what is JSON inside a string, or nearly JSON."""
    return _ESCAPED.sub(_meant, text) if "\\u" in text else text


def _meant(escaped: re.Match[str]) -> str:
    high, low, one = escaped.groups()
    if high:
        return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF))
    said = chr(int(one, 16))
    # What has a meaning in JSON, and half a character, stays as it is.
    return said if said.isprintable() and said not in '"\\' else escaped.group()


class _NotTooDeep:
    """JSON that can be decoded may still be deeper than it can be walked. Raises Malformed."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, RecursionError):
            raise Malformed(TOO_DEEP) from None


_not_too_deep = _NotTooDeep()


class _Opener:
    """Walks a decoded body. `strings` counts what it met, to find members that were said twice. `asks`: a caller wrote
    all of it, the words of the format too.
    """

    __slots__ = ("asks", "calls", "leaves", "strings", "unread")

    def __init__(self, *, asks: bool = False) -> None:
        self.asks = asks
        self.leaves: list[Leaf] = []
        self.calls: list[Called] = []
        self.unread: list[str] = []
        self.strings = 0

    def check(self, body: bytes) -> None:
        """Raises Malformed when `body` has more strings than were met: a member is there twice, and one was hidden."""
        if b"\\" in body:
            body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
        if body.count(b'"') != 2 * self.strings:
            raise Malformed("a member is there twice: servers differ in which of the two they read")

    def top(self, body: dict[str, Any], place: Place) -> None:
        """The members of a request itself."""
        self.strings += len(body)
        for name, value in body.items():
            if (name in TOKENS and _is_tokens(value)) or (name in EMBEDS and value):
                self.unread.append(name)
            self._member(body, name, value, (name,), TOP.get(name, place))

    def value(self, value: Any, path: Path, place: Place) -> None:
        """A part of the format: its own words are passed over."""
        if isinstance(value, str):
            self.strings += 1
            self._text(value, path, place)
        elif isinstance(value, dict):
            self._object(cast("dict[str, Any]", value), path, place)
        elif isinstance(value, list):
            for number, one in enumerate(cast("list[Any]", value)):
                self.value(one, (*path, number), place)

    def _object(self, said: dict[str, Any], path: Path, place: Place) -> None:
        self.strings += len(said)
        role, kind = said.get("role"), said.get("type")
        if isinstance(role, str):
            place = ROLES.get(role, place)
        if isinstance(kind, str):
            place = TYPES.get(kind, place)
            if kind in TYPES or kind.endswith("_call"):
                self._called(said, kind)
        if said.get("thought") is True:
            place = Place.REASONING
        if place in _SCHEMAS:
            # A schema tells a model what its members are called.
            self.leaves += (Leaf((*path, name, KEY), place, name) for name in said if _odd(name))
        for name, value in said.items():
            self._member(said, name, value, (*path, name), place)

    def _member(self, said: dict[str, Any], name: str, value: Any, path: Path, place: Place) -> None:
        if isinstance(value, str):
            self.strings += 1
            if name not in SKIPPED:
                self._string(said, name, value, path, place)
            elif self.asks and name not in KEPT and _odd(value):
                self._text(value, path, place)
        elif not isinstance(value, dict | list):
            return
        elif name in CLOSED:
            self._count(value)
        elif name == "required":
            self._count(value)
            listed = cast("list[Any]", value)
            self.leaves += (Leaf((*path, at), place, one) for at, one in enumerate(listed) if _odd(one))
        elif name in FREE or (name == "input" and _is_call(said.get("type"))):
            self.free(value, path, MEMBERS.get(name, place))
        elif name in ("functionResponse", "function_response"):
            self.free(value, path, Place.TOOL_RESULT)
        else:
            if name in _ARGUMENTS and len(path) > 1:
                self._function(said, name, value)
            self.value(value, path, MEMBERS.get(name, place))

    def _string(self, said: dict[str, Any], name: str, value: str, path: Path, place: Place) -> None:
        """A string member that is not a word of the format."""
        if name == "arguments" or (name == "input" and place is Place.TOOL_CALL):
            self._inside(value, path, Place.TOOL_CALL)
        elif name in CARRIERS and is_data_url(value):
            self._words(words_of_url(value, said.get("filename")), path)
        elif name in ("data", "file_data"):
            self._payload(said, value, path)
        elif name in NAMES:
            self._text(value, path, Place.NAME)
        else:
            self._text(value, path, MEMBERS.get(name, place))

    def _text(self, value: str, path: Path, place: Place) -> None:
        if place is Place.TOOL_RESULT and "\\" in value:
            # Escapes hide what JSON says; a result that is JSON text is read as what it means.
            self._inside(value, path, place)
        elif value:
            self.leaves.append(Leaf(path, place, value))

    def _inside(self, value: str, path: Path, place: Place) -> None:
        """A string that holds JSON; any other is a text."""
        leaves = open_json(value, place, (*path, JSON_INSIDE))
        if leaves is not None:
            self.leaves += leaves
        elif value:
            self.leaves.append(Leaf(path, place, legible(value)))

    def free(self, value: Any, path: Path, place: Place) -> None:
        """JSON of the caller's, or a model's, own making."""
        if isinstance(value, str):
            self.strings += 1
            if value:
                self.leaves.append(Leaf(path, place, legible(value)))
        elif isinstance(value, dict):
            members = cast("dict[str, Any]", value)
            self.strings += len(members)
            for name, one in members.items():
                if not name.isidentifier():
                    self.leaves.append(Leaf((*path, name, KEY), place, name))
                self.free(one, (*path, name), place)
        elif isinstance(value, list):
            for number, one in enumerate(cast("list[Any]", value)):
                self.free(one, (*path, number), place)
        elif isinstance(value, int) and abs(value) >= LONG_NUMBER:
            self.leaves.append(Leaf(path, place, str(value)))

    def _count(self, value: Any) -> None:
        if isinstance(value, str):
            self.strings += 1
        elif isinstance(value, dict):
            members = cast("dict[str, Any]", value)
            self.strings += len(members)
            for one in members.values():
                self._count(one)
        elif isinstance(value, list):
            for one in cast("list[Any]", value):
                self._count(one)

    def _payload(self, said: dict[str, Any], value: str, path: Path) -> None:
        """The content of a file."""
        media = said.get("media_type") or said.get("mimeType") or said.get("mime_type")
        if said.get("type") == "text" or (said.get("type") == _SEALED and _odd(value)):
            self._text(value, path, Place.DOCUMENT)
        elif said.get("type") != _SEALED:
            self._words(words_of(value, media, said.get("filename")), path)

    def _words(self, words: Words | None, path: Path) -> None:
        if words is not None and words.text:
            self.leaves.append(Leaf((*path, BASE64_INSIDE) if words.inside else path, Place.DOCUMENT, words.text))

    def _called(self, said: dict[str, Any], kind: str) -> None:
        """Notes the call that a part of `type` `kind` is; one of the provider's own tools goes by its type."""
        name = said.get("name") if kind in TYPES else kind.removesuffix("_call")
        if isinstance(name, str) and TYPES.get(kind, Place.TOOL_CALL) is Place.TOOL_CALL:
            given = said.get("arguments", said.get("input", said.get("action")))
            self.calls.append(Called(name, _json_text(given), _id(said.get("id"), said.get("call_id"))))

    def _function(self, said: dict[str, Any], member: str, value: Any) -> None:
        """Notes a call that stands in a member of its own: OpenAI's `function`, Gemini's `functionCall`."""
        call = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
        name, wanted = call.get("name"), _ARGUMENTS[member]
        # Without arguments `function` and `custom` are a tool that is declared, or chosen.
        if isinstance(name, str) and (wanted in call or (member.startswith("function") and member != "function")):
            given = call.get("arguments", call.get(wanted))
            self.calls.append(Called(name, _json_text(given), _id(call.get("id"), said.get("id"))))


def _is_call(kind: Any) -> bool:
    return isinstance(kind, str) and kind in CALL_TYPES


def _odd(value: Any) -> bool:
    """Whether a string is no word of a format, no id and no name of a member, such as those are."""
    return isinstance(value, str) and not value.isidentifier() and _WORD.fullmatch(value) is None


def _is_tokens(value: Any) -> bool:
    """Servers take 5.0 for 5."""
    listed = cast("list[Any]", value) if isinstance(value, list) else []
    return any(isinstance(one, int | float) or (isinstance(one, list) and _is_tokens(one)) for one in listed)


def _json_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "{}" if value is None else _encode(value).decode()


def _id(*said: Any) -> str:
    return next((one for one in said if isinstance(one, str)), "")
