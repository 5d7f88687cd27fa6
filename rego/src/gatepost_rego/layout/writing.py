"""Writes lines, and every comment where it belongs."""

from __future__ import annotations

from gatepost_rego.lex import Token

__all__ = ["Writer"]

_Comment = tuple[int, int, str]


class Writer:
    """Collects lines; comments are put before the next token or behind the last one."""

    def __init__(self, comments: list[_Comment]) -> None:
        self.comments = sorted(comments)
        self.lines: list[str] = []
        self.current = ""
        self.depth = 0
        self.row = 0

    def put(self, text: str) -> None:
        """Write on the current line."""
        if not self.current:
            self.current = "\t" * self.depth
        self.current += text

    def token(self, token: Token, text: str | None = None) -> None:
        """Write a token; comments that stand before it come first."""
        if not self.current.strip():
            self.flush(token.row)
        self.put(token.text if text is None else text)
        self.row = token.end_row

    def flush(self, row: int) -> None:
        """Write the comments above a row on lines of their own."""
        while self.comments and self.comments[0][0] < row:
            at, _, text = self.comments.pop(0)
            if self.lines and self.lines[-1] and at > self.row + 1 and self.row:
                self.lines.append("")
            self.lines.append("\t" * self.depth + f"#{text.rstrip()}")
            self.row = at

    def end(self) -> None:
        """End the line, with the comment that stood behind it."""
        if not self.current.strip():
            return
        if self.comments and self.comments[0][0] <= self.row:
            notes = []
            while self.comments and self.comments[0][0] <= self.row:
                notes.append(f"#{self.comments.pop(0)[2].rstrip()}")
            self.current += " " + notes[0]
            self.lines.append(self.current)
            self.lines.extend("\t" * self.depth + note for note in notes[1:])
        else:
            self.lines.append(self.current)
        self.current = ""

    def blank(self) -> None:
        """Leave a line empty, but never two."""
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def text(self) -> str:
        """Give all that was written, comments at the end included."""
        self.end()
        self.flush(1 << 40)
        while self.lines and not self.lines[-1]:
            self.lines.pop()
        return "\n".join(self.lines) + "\n" if self.lines else ""
