"""A place in a list of tokens, and the questions every parser asks there."""

from __future__ import annotations

from typing import Final

from gatepost_rego.errors import PARSE, Abort, Location, Source
from gatepost_rego.lex import END, MAX_NESTING, NAME, SIGN, Token

ALWAYS: Final = frozenset(
    {"package", "import", "as", "default", "else", "with", "null", "true", "false", "not", "some"}
)
FUTURE: Final = frozenset({"in", "every", "contains", "if"})


class Cursor:
    """Walks the tokens of one source; ``keywords`` are the names that are none at this point."""

    def __init__(self, source: Source, tokens: list[Token], keywords: set[str]) -> None:
        self.source = source
        self.tokens = tokens
        self.keywords = keywords
        self.index: int = 0
        self.token = tokens[0]
        self.last_row = 0
        self.depth = 0
        self.wildcards = 0
        self.plain: set[int] = set()

    def advance(self) -> Token:
        """Step over the current token and return it."""
        token = self.token
        self.last_row = token.end_row
        if token.kind != END:
            self.index += 1
            self.token = self.tokens[self.index]
        return token

    def back_to(self, index: int) -> None:
        """Return to a token seen before."""
        self.index = index
        self.token = self.tokens[index]
        self.last_row = self.tokens[index - 1].end_row if index else 0

    def peek(self) -> Token:
        """Look at the token after the current one."""
        return self.tokens[min(self.index + 1, len(self.tokens) - 1)]

    def at_sign(self, text: str) -> bool:
        """Say whether the current token is this sign."""
        return self.token.text == text and self.token.kind == SIGN

    def at_word(self, text: str) -> bool:
        """Say whether the current token is this keyword, and it is one here.

        ``if`` and ``in`` may stand on a new line as the head of a reference, as in ``if.foo``.
        """
        if self.token.text != text or self.token.kind != NAME or text not in self.keywords:
            return False
        following = self.peek()
        return text not in ("if", "in") or following.text != "." or not following.adjacent

    def take_sign(self, text: str) -> bool:
        """Step over the sign if it is there."""
        if self.at_sign(text):
            self.advance()
            return True
        return False

    def take_word(self, text: str) -> bool:
        """Step over the keyword if it is there."""
        if self.at_word(text):
            self.advance()
            return True
        return False

    def expect(self, text: str, message: str) -> Token:
        """Step over a sign that must be there."""
        if not self.at_sign(text):
            raise self.unexpected(message)
        return self.advance()

    def here(self) -> Location:
        """Give the place of the current token."""
        return Location(self.source, self.token.row, self.token.col)

    def fail(self, message: str, at: Location | None = None) -> Abort:
        """Build a parse error."""
        return Abort(at or self.here(), PARSE, message)

    def unexpected(self, wanted: str = "") -> Abort:
        """Build the error for a token that does not belong here."""
        token = self.token
        if token.kind == END:
            name = "eof token"
        elif token.kind == NAME:
            name = f"{token.text} keyword" if token.text in self.keywords else "identifier token"
        else:
            name = f"{token.text if token.kind == SIGN else token.kind} token"
        return self.fail(f"unexpected {name}" + (f": {wanted}" if wanted else ""))

    def enter(self) -> None:
        """Go one level deeper into nested brackets; refuses beyond the limit."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise self.fail(f"nesting is deeper than {MAX_NESTING} levels")

    def leave(self) -> None:
        """Come out of one level."""
        self.depth -= 1
