"""Tokens to modules: package, imports and rules ("Policy Language", section "Modules")."""

from __future__ import annotations

from gatepost_rego.ast import Body, Import, Module, Rule
from gatepost_rego.errors import Abort, Location, Source
from gatepost_rego.lex import END, NAME, SIGN, STRING, Lexer
from gatepost_rego.parse.cursor import ALWAYS, FUTURE
from gatepost_rego.parse.rules import RuleParser

_ROOTS = ("data", "future", "input", "rego")


class ModuleParser(RuleParser):
    """Reads one module in one version of the language."""

    def __init__(self, source: Source, v1: bool) -> None:
        lexer = Lexer(source)
        tokens = lexer.tokens()
        super().__init__(source, tokens, set(ALWAYS | FUTURE) if v1 else set(ALWAYS))
        self.comments = lexer.comments
        self.v1 = v1
        self.rego_v1 = False

    def module(self) -> Module:
        """Read the whole text."""
        if self.token.kind == END:
            raise self.fail("empty module", Location(self.source, 0, 1))
        at = self.here()
        if not self.take_word("package"):
            raise self.fail("package expected")
        package = self._path(False)
        imports: list[Import] = []
        rules: list[Rule] = []
        while self.token.kind != END:
            if self.at_word("import") and not self._keyword_as_name():
                imports.append(self._import())
            elif self.at_word("package") and not self._keyword_as_name():
                raise self.fail("unexpected package")
            else:
                rules.extend(self.rules())
        if package[:1] == ("data",) and len(package) > 1:
            package = ("data", *package[1:])
        made = Module(self.source, package, tuple(imports), rules, self.v1, at)
        made.comments = self.comments
        made.rego_v1 = self.rego_v1
        return made

    def _path(self, root: bool) -> tuple[str, ...]:
        """Read a dotted path of plain names and strings."""
        if self.token.kind != NAME:
            raise self.unexpected("expected var")
        parts = [self.advance().text]
        while self.token.kind == SIGN and self.token.adjacent and self.token.text in (".", "["):
            if self.advance().text == ".":
                if self.token.kind != NAME or not self.token.adjacent:
                    raise self.unexpected("expected identifier")
                parts.append(self.advance().text)
            else:
                if self.token.kind != STRING:
                    raise self.unexpected("expecting string")
                parts.append(self.advance().value)
                self.expect("]", "expected ]")
        return tuple(parts)

    def _import(self) -> Import:
        self.advance()
        at = self.here()
        path = self._path(True)
        if path[0] not in _ROOTS:
            roots = "{" + ", ".join(_ROOTS) + "}"
            raise self.fail(
                f"unexpected import path, must begin with one of: {roots}, got: {path[0]} "
                "(hint: if this is unexpected, try updating OPA)",
                at,
            )
        alias = None
        if self.take_word("as"):
            reserved = self.token.text in self.keywords or self.token.text in ("data", "input")
            if self.token.kind != NAME or reserved:
                raise self.unexpected("expected var")
            alias = self.advance().text
        if path[0] == "future":
            self._future(path, alias, at)
        elif path[0] == "rego":
            self._rego(path, at)
        elif alias is None and path[-1] in self.keywords and len(path) > 1:
            hint = "(hint: import a different path or use an alias)"
            raise self.fail(
                f"unexpected import path, must not end with a keyword, got: {path[-1]} {hint}", at
            )
        return Import(path, alias, at)

    def _future(self, path: tuple[str, ...], alias: str | None, at: Location) -> None:
        """``import future.keywords`` makes its names keywords from here on."""
        if len(path) < 2 or path[1] != "keywords":
            raise self.fail("invalid import, must be `future.keywords`", at)
        if alias is not None:
            raise self.fail("`future` imports cannot be aliased", at)
        if len(path) == 2:
            self.keywords |= FUTURE
            return
        if len(path) > 3 or path[2] not in FUTURE:
            names = " ".join(sorted(FUTURE))
            raise self.fail(f"unexpected keyword, must be one of [{names}]", at)
        self.keywords.add(path[2])
        if path[2] == "every":
            self.keywords.add("in")

    def _rego(self, path: tuple[str, ...], at: Location) -> None:
        """``import rego.v1`` turns a module of v0 into one of v1."""
        if path != ("rego", "v1"):
            raise self.fail(f"invalid import `{'.'.join(path)}`, must be `rego.v1`", at)
        self.keywords |= FUTURE
        self.v1 = True
        self.rego_v1 = True

    def query(self) -> Body:
        """Read the whole text as the body of a query."""
        if self.token.kind == END:
            raise self.fail("empty query")
        return self.body("")


def parse_module(name: str, text: str, version: str = "v1") -> Module:
    """Read a policy of version "v0", "v1" or "auto" (v1, or v0 where it does not parse as v1).

    Raises Abort at the first error.
    """
    source = Source(name, text)
    if version == "auto":
        try:
            return ModuleParser(source, True).module()
        except Abort as first:
            try:
                return ModuleParser(source, False).module()
            except Abort:
                raise first from None
    if version not in ("v0", "v1"):
        raise ValueError(f"version must be v0, v1 or auto, not {version!r}")
    return ModuleParser(source, version == "v1").module()


def parse_query(text: str, v1: bool = True, name: str = "query") -> Body:
    """Read a query: the statements of a body, with all keywords of v1."""
    parser = ModuleParser(Source(name, text), v1)
    parser.keywords |= FUTURE
    return parser.query()


__all__ = ["ModuleParser", "parse_module", "parse_query"]
