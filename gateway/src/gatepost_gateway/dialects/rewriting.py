"""Changed texts written back into the body that they came from: their own path is encoded anew, nothing else."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw, structs

from gatepost_gateway.dialects.payloads import packed
from gatepost_gateway.dialects.places import REPEATED
from gatepost_gateway.domain.chat import Asked
from gatepost_gateway.domain.findings import BASE64_INSIDE, JSON_INSIDE, KEY

Path = tuple[str | int, ...]
_encode = msgspec.json.Encoder().encode
_members = msgspec.json.Decoder(dict[str, Raw]).decode
_elements = msgspec.json.Decoder(list[Raw]).decode
_string = msgspec.json.Decoder(str).decode


class _Node:
    """What changes at one place: its text, its own name, or something inside it."""

    __slots__ = ("inner", "renamed", "text")

    def __init__(self) -> None:
        self.inner: dict[str | int, _Node] = {}
        self.renamed: str | None = None
        self.text: str | None = None


def rewrite_request(asked: Asked, changed: Mapping[Path, str]) -> Asked:
    """The request with new texts at these paths. Its envelope is the old one's: no word of it is a leaf."""
    if not changed:
        return asked
    body = rewrite(asked.body, changed)
    fields = _members(body)
    predicted = len(memoryview(fields["prediction"])) if "prediction" in fields else 0
    return structs.replace(asked, body=body, fields=fields, predicted=predicted)


def rewrite_answer(body: bytes, changed: Mapping[Path, str]) -> bytes:
    """The answer with new texts. What repeats a changed text token by token is dropped with it."""
    return rewrite(body, changed, dropping=True) if changed else body


def rewrite(body: bytes, changed: Mapping[Path, str], *, dropping: bool = False) -> bytes:
    """JSON text with new texts at the paths that `dialects.leaves` gave them. `dropping`: without their repetitions."""
    root = _Node()
    for path, text in changed.items():
        at = root
        for step in path:
            if step == KEY:
                break
            at = at.inner.setdefault(step, _Node())
        if path[-1:] == (KEY,):
            at.renamed = text
        else:
            at.text = text
    return _written(body, root, dropping)


def _written(raw: Any, node: _Node, dropping: bool) -> bytes:
    if node.text is not None:
        return _encode(node.text)
    if not node.inner:
        return bytes(raw)
    first = next(iter(node.inner))
    if isinstance(first, str):
        return _object(raw, node.inner, dropping)
    if first == JSON_INSIDE:
        return _encode(_written(_string(raw).encode(), node.inner[first], False).decode())
    if first == BASE64_INSIDE:
        return _encode(packed(_string(raw), node.inner[first].text or ""))
    elements = _elements(raw)
    for step, inner in node.inner.items():
        assert isinstance(step, int)
        elements[step] = Raw(_written(elements[step], inner, dropping))
    return _encode(elements)


def _object(raw: Any, changed: dict[str | int, _Node], dropping: bool) -> bytes:
    members = _members(raw)
    written: dict[str, Raw] = {}
    for name, value in members.items():
        node = changed.get(name)
        if node is not None:
            renamed = _free(node.renamed, written, members) if node.renamed is not None else name
            written[renamed] = Raw(_written(value, node, dropping))
        elif dropping and (name in REPEATED or (name == "data" and "transcript" in changed)):
            # The sound of a transcript says it once more, too.
            # Some formats demand a list where there is one.
            written[name] = Raw(b"[]" if bytes(memoryview(value)[:1]) == b"[" else b"null")
        else:
            written[name] = value
    return _encode(written)


def _free(name: str, *taken: Mapping[str, Raw]) -> str:
    """`name`, numbered where another member has it: names may become one when what they differ in is replaced."""
    free, number = name, 1
    while any(free in one for one in taken):
        number += 1
        free = f"{name}_{number}"
    return free
