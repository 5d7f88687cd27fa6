"""Random policies: rules of every form over the expressions of `terms.py`."""

from __future__ import annotations

import collections
import random
import re

from fuzz.terms import BOOLEAN, KINDS, NUMBER, STRING, Scope, Terms

__all__ = ["policy"]

_ARRAYS = {"array of number": NUMBER, "array of string": STRING}
_SETS = {"set of number": NUMBER, "set of string": STRING}


class _Writer:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.terms = Terms(rng)
        self.scope = Scope()
        self.serial = 0

    def name(self, stem: str) -> str:
        self.serial += 1
        return f"{stem}{self.serial}"

    def text(self) -> str:
        rules = [self.rule() for _ in range(self.rng.randrange(2, 7))]
        return "package fuzz\n\n" + "\n".join(map(_used, rules))

    def rule(self) -> str:
        forms = (
            self.complete, self.complete, self.several, self.default, self.partial_set,
            self.partial_object, self.function, self.otherwise, self.constants,
            self.patterned, self.nested_head, self.general_head, self.iterated,
        )  # fmt: skip
        return self.rng.choice(forms)()

    def kind(self) -> str:
        return self.rng.choice(KINDS)

    def head(self, name: str, kind: str, scope: Scope) -> str:
        if kind == BOOLEAN and self.rng.random() < 0.5:
            return name
        return f"{name} := {self.terms.term(kind, scope, 2)}"

    def complete(self) -> str:
        name, kind = self.name("r"), self.kind()
        scope = self.scope.child()
        body = self.body(scope)
        value = self.terms.term(kind, scope, 2)
        self.scope.add(kind, name)
        return f"{name} := {value} if {{\n{body}\n}}\n"

    def several(self) -> str:
        """Several rules of one name that give the same value, or that conflict now and then."""
        name, kind = self.name("r"), self.kind()
        value = self.terms.constant(kind)
        texts = []
        for _ in range(self.rng.randrange(2, 4)):
            scope = self.scope.child()
            again = value if self.rng.random() < 0.95 else self.terms.constant(kind)
            texts.append(f"{name} := {again} if {{\n{self.body(scope)}\n}}\n")
        self.scope.add(kind, name)
        return "\n".join(texts)

    def default(self) -> str:
        name, kind = self.name("d"), self.kind()
        scope = self.scope.child()
        body = self.body(scope)
        value = self.terms.term(kind, scope, 2)
        self.scope.add(kind, name)
        return (
            f"default {name} := {self.terms.constant(kind)}\n\n"
            f"{name} := {value} if {{\n{body}\n}}\n"
        )

    def partial_set(self) -> str:
        kind = self.rng.choice(list(_SETS))
        name = self.name("s")
        texts = []
        for _ in range(self.rng.randrange(1, 3)):
            scope = self.scope.child()
            body = self.body(scope)
            member = self.terms.term(_SETS[kind], scope, 2)
            texts.append(f"{name} contains {member} if {{\n{body}\n}}\n")
        self.scope.add(kind, name)
        return "\n".join(texts)

    def partial_object(self) -> str:
        name = self.name("o")
        scope = self.scope.child()
        body = self.body(scope)
        key, value = self.terms.term(STRING, scope, 1), self.terms.term(NUMBER, scope, 1)
        self.scope.add("object of number", name)
        if self.rng.random() < 0.5:
            return f"{name}[{key}] := {value} if {{\n{body}\n}}\n"
        domain = self.terms.term("object of number", scope, 1)
        return f"{name}[key] := value if {{\n{body}\n\tsome key, value in {domain}\n}}\n"

    def function(self) -> str:
        name, kind = self.name("f"), self.kind()
        kinds = tuple(self.kind() for _ in range(self.rng.randrange(1, 3)))
        scope = self.scope.child()
        names = [self.name("a") for _ in kinds]
        for each, arg in zip(kinds, names, strict=True):
            scope.add(each, arg)
        body = self.body(scope)
        value = self.terms.term(kind, scope, 2)
        self.scope.functions.setdefault(kind, []).append((name, kinds))
        return f"{name}({', '.join(names)}) := {value} if {{\n{body}\n}}\n"

    def otherwise(self) -> str:
        name, kind = self.name("e"), self.kind()
        first, second = self.scope.child(), self.scope.child()
        body, other = self.body(first), self.body(second)
        text = f"{name} := {self.terms.term(kind, first, 1)} if {{\n{body}\n}} "
        text += f"else := {self.terms.term(kind, second, 1)} if {{\n{other}\n}}\n"
        self.scope.add(kind, name)
        return text

    def constants(self) -> str:
        """Rules that compare one path with constants, which an engine may index."""
        name = self.name("i")
        texts = []
        for _ in range(self.rng.randrange(2, 6)):
            path = self.rng.choice(("input.s", "input.user.role", "input.n", "input.user.name"))
            kind = NUMBER if path == "input.n" else STRING
            value = self.terms.constant(kind)
            texts.append(f"{name} contains {self.serial} if {path} == {value}\n")
            self.serial += 1
        self.scope.add("set of number", name)
        return "\n".join(texts)

    def patterned(self) -> str:
        """A function whose arguments are constants and patterns, called on the spot."""
        name = self.name("f")
        number, text = self.terms.constant(NUMBER), self.terms.constant(STRING)
        result = self.name("r")
        call = self.rng.choice((
            f"{name}({self.terms.term(NUMBER, self.scope, 1)}, [{number}, input.s])",
            f"{name}({number}, [{self.terms.term(NUMBER, self.scope, 1)}, {text}])",
        ))  # fmt: skip
        self.scope.add(NUMBER, result)
        return (
            f"{name}({number}, [_, _]) := {number}\n\n{name}(y, [_, {text}]) := z if z := y\n\n"
            f"{result} := {call}\n"
        )

    def nested_head(self) -> str:
        """Rules below one name: some fixed, some for every key of an object."""
        name, kind = self.name("n"), self.kind()
        scope = self.scope.child()
        body = self.body(scope)
        value = self.terms.term(kind, scope, 1)
        domain = self.terms.term("object of number", self.scope, 1)
        self.scope.add("object of number", f"{name}.q")
        return (
            f"{name}.p := {value} if {{\n{body}\n}}\n\n"
            f"{name}.q[key] := value if some key, value in {domain}\n"
        )

    def general_head(self) -> str:
        """A head with two variables."""
        name = self.name("g")
        domain = self.terms.term("object of number", self.scope, 1)
        words = self.terms.term("array of string", self.scope, 1)
        ending = self.rng.choice(("[w][key] := value if {", "[key] contains w if {"))
        use = "value == value" if "contains" in ending else "w == w"
        return f"{name}{ending}\n\tsome key, value in {domain}\n\tsome w in {words}\n\t{use}\n}}\n"

    def iterated(self) -> str:
        """References that iterate: into the input, into rules, with what they find compared."""
        name = self.name("t")
        path = self.rng.choice((
            "input[a][b]", "input.user[a][b]", "input.nums[a]", "input.o[a]", "input.words[a]",
            "data.fuzz[a]", "input[a]",
        ))  # fmt: skip
        if path.startswith("data"):
            path = "input[a]"
        test = self.rng.choice(("is_string(v)", "is_number(v)", "v != 1", "v == v", "not v"))
        second = "b" if "[b]" in path else "a"
        return f"{name} contains [a, {second}, v] if {{\n\tv := {path}\n\t{test}\n}}\n"

    def body(self, scope: Scope) -> str:
        lines = [self.statement(scope) for _ in range(self.rng.randrange(1, 4))]
        if self.rng.random() < 0.15:
            self.rng.shuffle(lines)
        return "\n".join(f"\t{line}" for line in lines)

    def statement(self, scope: Scope) -> str:
        forms = (
            self.assign, self.assign, self.test, self.test, self.iterate, self.iterate_index,
            self.negate, self.every, self.overridden, self.unify, self.walk, self.compare_mixed,
            self.override_function, self.match_object, self.count_of,
        )  # fmt: skip
        return self.rng.choice(forms)(scope)

    def assign(self, scope: Scope) -> str:
        kind, name = self.kind(), self.name("v")
        text = f"{name} := {self.terms.term(kind, scope, 2)}"
        scope.add(kind, name)
        return text

    def test(self, scope: Scope) -> str:
        return self.truth(scope)

    def truth(self, scope: Scope) -> str:
        """Make a condition that is no constant: OPA drops a bare `true`, `not true` included."""
        return self.terms.call(BOOLEAN, scope, 2)

    def iterate(self, scope: Scope) -> str:
        kind = self.rng.choice([*_ARRAYS, *_SETS])
        name = self.name("v")
        text = f"some {name} in {self.terms.term(kind, scope, 1)}"
        scope.add({**_ARRAYS, **_SETS}[kind], name)
        return text

    def iterate_index(self, scope: Scope) -> str:
        kind = self.rng.choice([*_ARRAYS, "object of number"])
        key, name = self.name("k"), self.name("v")
        text = f"some {key}, {name} in {self.terms.term(kind, scope, 1)}"
        scope.add(_ARRAYS.get(kind, NUMBER), name)
        scope.add(NUMBER if kind in _ARRAYS else STRING, key)
        return text

    def negate(self, scope: Scope) -> str:
        return f"not {self.truth(scope)}"

    def every(self, scope: Scope) -> str:
        inner = scope.child()
        kind, name = self.rng.choice(list(_ARRAYS)), self.name("v")
        domain = self.terms.term(kind, scope, 1)
        inner.add(_ARRAYS[kind], name)
        return f"every {name} in {domain} {{ {name} == {name}; {self.truth(inner)} }}"

    def overridden(self, scope: Scope) -> str:
        path = self.rng.choice(("input.n", "input.o.a", "input.user.age"))
        value = self.terms.term(NUMBER, scope, 1)
        return f"{self.truth(scope)} with {path} as {value}"

    def unify(self, scope: Scope) -> str:
        one, other = self.name("v"), self.name("v")
        text = f"[{one}, {other}] = [{self.terms.term(NUMBER, scope, 1)}, "
        text += f"{self.terms.term(STRING, scope, 1)}]"
        scope.add(NUMBER, one)
        scope.add(STRING, other)
        return text

    def compare_mixed(self, scope: Scope) -> str:
        """Order values that may be of different types; `object.get` hides the types."""
        sign = self.rng.choice(("<", "<=", ">", ">=", "==", "!="))
        one, other = self.kind(), self.kind()
        left = f'object.get({{"k": {self.terms.term(one, scope, 1)}}}, "k", null)'
        return f"{left} {sign} {self.terms.term(other, scope, 1)}"

    def override_function(self, scope: Scope) -> str:
        """Replace a built-in by a constant."""
        value = self.terms.constant(NUMBER)
        return f"{self.truth(scope)} with count as {value}"

    def match_object(self, scope: Scope) -> str:
        """Take values out of an object by a pattern."""
        name = self.name("v")
        text = f'{{"a": {name}, "z": _}} = {{"a": {self.terms.term(NUMBER, scope, 1)}, "z": 1}}'
        scope.add(NUMBER, name)
        return text

    def count_of(self, scope: Scope) -> str:
        """Count what a comprehension with a body of its own finds."""
        inner = scope.child()
        lines = "; ".join([self.assign(inner), self.iterate(inner), self.truth(inner)])
        lines = re.sub(r"\bv([0-9]+) := ", r"u\1 := ", lines, count=1)
        number = lines.split(" := ", 1)[0]
        lines = lines.replace("v" + number[1:], number)
        names = re.findall(r"some (v[0-9]+) in", lines)[:1]
        uses = "; ".join(f"{each} == {each}" for each in [number, *names])
        # A set, for OPA iterates over equal members of a set written with variables twice.
        return f"count({{[{', '.join([number, *names])}] | {lines}; {uses}}}) >= {self.rng.randrange(3)}"

    def walk(self, scope: Scope) -> str:
        path, value = self.name("p"), self.name("w")
        text = f"walk({self.terms.term('object of number', scope, 1)}, [{path}, {value}])"
        scope.add("array of string", path)
        return text + f"; is_number({value})"


_BODY = re.compile(r"\{\n(?P<lines>(?:\t.*\n)+)\}")
_LOCAL = re.compile(r"\b[vkap][0-9]+\b")


def _used(text: str) -> str:
    """Mention every variable twice, for OPA's bindings refuse one that is declared in vain."""
    counts = collections.Counter(_LOCAL.findall(text))
    placed: set[str] = set()

    def extend(found: re.Match[str]) -> str:
        lines = found.group("lines")
        before = text[: found.start()] if not placed else ""
        here = _LOCAL.findall(before.rpartition("\n")[2] + lines)
        lonely = [name for name in here if counts[name] == 1 and name not in placed]
        placed.update(lonely)
        return "{\n" + lines + "".join(f"\t{name} == {name}\n" for name in lonely) + "}"

    return _BODY.sub(extend, text)


def policy(rng: random.Random) -> str:
    """Write one policy of the package `fuzz`."""
    return _Writer(rng).text()
