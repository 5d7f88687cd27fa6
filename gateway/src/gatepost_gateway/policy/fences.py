"""Where a text in Markdown holds JSON: inside fences that say so, or that say nothing and begin like it. Read piece by
piece, as an answer comes. https://spec.commonmark.org/0.31.2/#fenced-code-blocks
"""

import re

_FENCE = re.compile(r"[ \t>*+-]{0,16}(`{3,}|~{3,})[ \t]*([^`\s]*)[^`]*")
_LONGEST = 120
"""Characters. A longer line is no fence."""
_CALLED = frozenset({"json", "jsonc", "json5", "jsonl", "ndjson", "geojson", "application/json"})
_OF_JSON = frozenset('"{[]-0123456789tfn')
"""How what stands in a JSON list begins: not like a placeholder."""


def begins_json(head: str) -> bool:
    """By the first two characters that are no blanks."""
    return head[:1] == "{" or (head[:1] == "[" and head[1:2] in _OF_JSON)


class Fences:
    """Told every character of a text once, in order; asked about places of what it was told last."""

    __slots__ = ("_changes", "_fence", "_is_json", "_line", "_place")

    def __init__(self) -> None:
        self._place = 0
        self._line = ""
        """The line that is not ended yet, as far as it matters."""
        self._fence = ""
        """What opened the fence that is open."""
        self._is_json: bool | None = False
        """None: what it holds has not begun."""
        self._changes: list[tuple[int, bool]] = [(0, False)]
        """From where on there is JSON, or none: the last one of all before, and those of the last piece."""

    def feed(self, piece: str) -> None:
        self._changes = self._changes[-1:]
        at = 0
        while (end := piece.find("\n", at)) >= 0:
            self._ended(self._line + piece[at:end], self._place + at, self._place + end + 1)
            self._line = ""
            at = end + 1
        self._line = (self._line + piece[at : at + _LONGEST + 1])[: _LONGEST + 1]
        self._begun(self._line, self._place + at)
        self._place += len(piece)

    def hold_json(self, place: int) -> bool:
        return next(is_json for start, is_json in reversed(self._changes) if start <= place or start == 0)

    def _ended(self, line: str, start: int, after: int) -> None:
        fence = _FENCE.fullmatch(line) if len(line) <= _LONGEST else None
        if fence is None or (self._fence and not self._closed_by(fence)):
            self._begun(line, start)
        elif self._fence:
            self._fence = ""
            self._turn(after, False)
        else:
            self._fence, called = fence.groups()
            self._turn(after, called.lower() in _CALLED if called else None)

    def _closed_by(self, fence: re.Match[str]) -> bool:
        return fence[1].startswith(self._fence) and not fence[2]

    def _begun(self, line: str, start: int) -> None:
        """What a fence that says nothing holds, by how it begins."""
        head = "".join(line.split())[:2]
        if self._fence and self._is_json is None and (len(head) > 1 or head == "{"):
            self._turn(start, begins_json(head))

    def _turn(self, place: int, is_json: bool | None) -> None:
        self._is_json = is_json
        self._changes.append((place, bool(is_json)))
