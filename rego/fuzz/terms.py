"""Random expressions of a wanted type, over variables whose types are known."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field

# ruff: noqa: E501
__all__ = ["BOOLEAN", "KINDS", "NUMBER", "STRING", "Scope", "Terms"]

NUMBER, STRING, BOOLEAN = "number", "string", "boolean"
NUMBERS, STRINGS = "array of number", "array of string"
NUMBER_SET, STRING_SET = "set of number", "set of string"
OBJECT = "object of number"
KINDS = (NUMBER, STRING, BOOLEAN, NUMBERS, STRINGS, NUMBER_SET, STRING_SET, OBJECT)

WORDS = ("", "a", "b", "ab", "abc", "Foo", "foo.bar", "x/y", "10", "1.5", "é", "a b", "ß", "%d")
NUMERALS = ("0", "1", "2", "3", "7", "-1", "10", "100", "1.5", "0.1", "2.25", "-0.5", "1e3",
            "12345678901", "3.0")  # fmt: skip
PATTERNS = ("a+", "^a", "[a-c]+", "(a)(b)?", "b$", "\\\\w+", ".", "x|y", "\\\\d+")

# Where an input holds what; see `inputs.py`.
PATHS = {
    NUMBER: ("input.n", "input.user.age", "input.nums[0]", "input.o.a", 'input["n"]'),
    STRING: ("input.s", "input.user.name", "input.words[1]", "input.user.role"),
    BOOLEAN: ("input.flag", "input.user.admin"),
    NUMBERS: ("input.nums", "input.user.scores"),
    STRINGS: ("input.words", "input.user.groups"),
    OBJECT: ("input.o", "input.user.limits"),
}

# Templates by result: what stands in braces is an expression of that kind.
CALLS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    NUMBER: (
        ("{} + {}", (NUMBER, NUMBER)), ("{} - {}", (NUMBER, NUMBER)), ("{} * {}", (NUMBER, NUMBER)),
        ("count({})", (NUMBERS,)), ("count({})", (STRING,)), ("count({})", (STRING_SET,)),
        ("count({})", (OBJECT,)), ("sum({})", (NUMBERS,)), ("sum({})", (NUMBER_SET,)),
        ("abs({})", (NUMBER,)), ("round({})", (NUMBER,)), ("ceil({})", (NUMBER,)),
        ("floor({})", (NUMBER,)), ("max({})", (NUMBERS,)), ("min({})", (NUMBER_SET,)),
        ("object.get({}, {}, {})", (OBJECT, STRING, NUMBER)), ("{}[0]", (NUMBERS,)),
        ("indexof({}, \"a\")", (STRING,)), ("strings.count({}, \"a\")", (STRING,)),
        ("product({})", (NUMBERS,)), ("{} / 4", (NUMBER,)), ("count({}) % 3", (NUMBERS,)),
        ("bits.and(count({}), count({}))", (NUMBERS, STRING)),
        ("bits.xor(count({}), 5)", (STRING,)), ("to_number(\"12.5\")", ()),
        ("time.add_date(1700000000000000000, 0, count({}), count({}))", (NUMBERS, STRING)),
        ("units.parse_bytes(\"10KiB\")", ()), ("count(split({}, {}))", (STRING, STRING)),
        ("semver.compare(\"1.2.3\", \"1.2.3-rc.1\")", ()),
    ),
    STRING: (
        ("concat({}, {})", (STRING, STRINGS)), ("concat(\",\", {})", (STRING_SET,)),
        ("upper({})", (STRING,)), ("lower({})", (STRING,)), ("trim_space({})", (STRING,)),
        ("trim({}, {})", (STRING, STRING)), ("replace({}, {}, {})", (STRING, STRING, STRING)),
        ("substring({}, 1, 2)", (STRING,)), ("substring({}, 0, -1)", (STRING,)),
        ("sprintf(\"%v|%d|%s\", [{}, count({}), {}])", (NUMBER, NUMBERS, STRING)),
        ("sprintf(\"%5v|%-5s|%05d|%x\", [{}, {}, count({}), {}])",
         (BOOLEAN, STRING, NUMBERS, STRING)),
        ("sprintf(\"%v %v\", [{}, {}])", (NUMBER_SET, OBJECT)),
        ("format_int({}, 16)", (NUMBER,)), ("json.marshal({})", (OBJECT,)),
        ("json.marshal({})", (STRING_SET,)), ("base64.encode({})", (STRING,)),
        ("hex.encode({})", (STRING,)), ("urlquery.encode({})", (STRING,)),
        ("crypto.sha256({})", (STRING,)), ("strings.reverse({})", (STRING,)),
        ("trim_prefix({}, {})", (STRING, STRING)), ("trim_suffix({}, {})", (STRING, STRING)),
        ("trim_left({}, {})", (STRING, STRING)), ("trim_right({}, {})", (STRING, STRING)),
        ("type_name({})", (NUMBER_SET,)), ("type_name({})", (NUMBER,)),
        ("strings.replace_n({{\"a\": {}, \"b\": {}}}, {})", (STRING, STRING, STRING)),
        ("regex.replace({}, \"[a-c]\", {})", (STRING, STRING)),
        ("time.format([1700000000000000000 + count({}), \"Europe/Berlin\"])", (NUMBERS,)),
        ("{}[0]", (STRINGS,)), ("glob.quote_meta({})", (STRING,)),
        ("crypto.hmac.sha256({}, {})", (STRING, STRING)), ("base64url.encode({})", (STRING,)),
        ("time.weekday(1700000000000000000 + (86400000000000 * count({})))", (NUMBERS,)),
        ("$\"v={{{}}} w={{{}}}\"", (NUMBER, STRING)),
    ),
    BOOLEAN: (
        ("{} == {}", (NUMBER, NUMBER)), ("{} != {}", (STRING, STRING)), ("{} < {}", (NUMBER, NUMBER)),
        ("{} >= {}", (STRING, STRING)), ("{} in {}", (NUMBER, NUMBERS)),
        ("{} in {}", (STRING, STRING_SET)), ("startswith({}, {})", (STRING, STRING)),
        ("endswith({}, {})", (STRING, STRING)), ("contains({}, {})", (STRING, STRING)),
        ("is_number({})", (NUMBER,)), ("{} == {}", (NUMBER_SET, NUMBER_SET)),
        ("{} < {}", (OBJECT, OBJECT)), ("{} <= {}", (STRINGS, STRINGS)),
        ("regex.match(\"PATTERN\", {})", (STRING,)), ("glob.match(\"*a*\", [], {})", (STRING,)),
        ("glob.match(\"{{a,b}}*\", null, {})", (STRING,)),
        ("object.subset({}, {})", (OBJECT, OBJECT)),
        ("strings.any_prefix_match({}, {})", (STRINGS, STRINGS)),
        ("net.cidr_contains(\"10.0.0.0/8\", \"10.1.2.3\")", ()), ("json.is_valid({})", (STRING,)),
        ("semver.is_valid({})", (STRING,)), ("base64.is_valid({})", (STRING,)),
    ),
    NUMBERS: (
        ("array.concat({}, {})", (NUMBERS, NUMBERS)), ("array.slice({}, 0, 2)", (NUMBERS,)),
        ("array.reverse({})", (NUMBERS,)), ("sort({})", (NUMBER_SET,)), ("sort({})", (NUMBERS,)),
        ("numbers.range(1, count({}))", (NUMBERS,)), ("[{}, {}]", (NUMBER, NUMBER)),
        ("[v | v := {}[_]; v > {}]", (NUMBERS, NUMBER)), ("[(v + 1) | some v in {}]", (NUMBERS,)),
        ("[v | some _, v in {}]", (OBJECT,)), ("indexof_n({}, \"a\")", (STRING,)),
        ("[k | some k; {}[k] > 1]", (NUMBERS,)), ("time.date(1700000000000000000)", ()),
        ("numbers.range_step(1, 9, 1 + count({}))", (NUMBERS,)),
    ),
    STRINGS: (
        ("split({}, {})", (STRING, STRING)), ("sort({})", (STRING_SET,)),
        ("[{}, {}]", (STRING, STRING)), ("[upper(v) | some v in {}]", (STRINGS,)),
        ("regex.split(\"PATTERN\", {})", (STRING,)), ("[k | some k, _ in {}]", (OBJECT,)),
        ("regex.find_n(\"PATTERN\", {}, -1)", (STRING,)), ("array.reverse({})", (STRINGS,)),
        ("[v | some v in {}; v != {}]", (STRINGS, STRING)),
    ),
    NUMBER_SET: (
        ("{} | {}", (NUMBER_SET, NUMBER_SET)), ("{} & {}", (NUMBER_SET, NUMBER_SET)),
        ("{} - {}", (NUMBER_SET, NUMBER_SET)), ("{{v | some v in {}}}", (NUMBERS,)),
        ("{{{}, {}}}", (NUMBER, NUMBER)), ("{{v | v := {}[_]}}", (OBJECT,)),
        ("union({{{}, {}}})", (NUMBER_SET, NUMBER_SET)),
        ("intersection({{{}, {}}})", (NUMBER_SET, NUMBER_SET)),
    ),
    STRING_SET: (
        ("{} | {}", (STRING_SET, STRING_SET)), ("{} - {}", (STRING_SET, STRING_SET)),
        ("{{v | some v in {}}}", (STRINGS,)), ("{{{}, {}}}", (STRING, STRING)),
        ("object.keys({})", (OBJECT,)), ("{{lower(v) | some v in {}}}", (STRINGS,)),
        ("graph.reachable({{\"a\": [\"b\"], \"b\": [\"c\", \"a\"], \"c\": []}}, {})", (STRINGS,)),
    ),
    OBJECT: (
        ("object.union({}, {})", (OBJECT, OBJECT)), ("object.remove({}, {})", (OBJECT, STRINGS)),
        ("object.filter({}, {})", (OBJECT, STRING_SET)), ("{{k: (v + 1) | some k, v in {}}}", (OBJECT,)),
        ("{{\"a\": {}, \"z\": {}}}", (NUMBER, NUMBER)), ("json.remove({}, [\"a\"])", (OBJECT,)),
        ("json.filter({}, [\"a\", \"b\"])", (OBJECT,)),
        ("json.patch({}, [{{\"op\": \"add\", \"path\": \"/q\", \"value\": {}}}])", (OBJECT, NUMBER)),
        ("{{v: count(v) | some v in {}}}", (STRINGS,)),
        ("json.unmarshal(json.marshal({}))", (OBJECT,)),
    ),
}  # fmt: skip


@dataclass
class Scope:
    """What an expression may use: variables, rules and functions, by kind."""

    known: dict[str, list[str]] = field(default_factory=dict)
    functions: dict[str, list[tuple[str, tuple[str, ...]]]] = field(default_factory=dict)

    def child(self) -> Scope:
        """Begin an inner scope that sees this one."""
        return Scope({kind: list(names) for kind, names in self.known.items()}, self.functions)

    def add(self, kind: str, name: str) -> None:
        """Make a name known."""
        self.known.setdefault(kind, []).append(name)


class Terms:
    """Makes expressions; everything random comes from one source."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def term(self, kind: str, scope: Scope, depth: int) -> str:
        """Make an expression of a kind."""
        choice = self.rng.random()
        names = scope.known.get(kind)
        if names and choice < 0.35:
            return self.rng.choice(names)
        if choice < 0.55 and kind in PATHS:
            return self.rng.choice(PATHS[kind])
        if depth <= 0 or choice < 0.65:
            return self.constant(kind)
        functions = scope.functions.get(kind)
        if functions and self.rng.random() < 0.2:
            name, kinds = self.rng.choice(functions)
            args = ", ".join(self.term(each, scope, depth - 1) for each in kinds)
            return f"{name}({args})"
        return self.call(kind, scope, depth)

    def call(self, kind: str, scope: Scope, depth: int) -> str:
        """Make an operator or a call of a built-in."""
        shape, kinds = self.rng.choice(CALLS[kind])
        inner = self.inner(kinds, scope, depth)
        text = shape.format(*inner).replace("PATTERN", self.rng.choice(PATTERNS))
        return f"({text})" if _infix(shape) else text

    def inner(self, kinds: tuple[str, ...], scope: Scope, depth: int) -> list[str]:
        """Make the operands of a call."""
        return [self.term(each, scope, depth - 1) for each in kinds]

    def constant(self, kind: str) -> str:
        """Make a constant."""
        if kind == NUMBER:
            return self.rng.choice(NUMERALS)
        if kind == STRING:
            return json.dumps(self.rng.choice(WORDS), ensure_ascii=False)
        if kind == BOOLEAN:
            return self.rng.choice(("true", "false"))
        few = range(self.rng.randrange(1, 4))
        base = NUMBER if "number" in kind else STRING
        items = [self.constant(base) for _ in few]
        if kind == OBJECT:
            keys = self.rng.sample(("a", "b", "c", "d"), len(items))
            return "{" + ", ".join(f'"{k}": {v}' for k, v in zip(keys, items, strict=True)) + "}"
        text = ", ".join(items)
        return f"{{{text}}}" if "set" in kind else f"[{text}]"


def _infix(shape: str) -> bool:
    return shape.startswith("{} ") and not shape.endswith(")")
