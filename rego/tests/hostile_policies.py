"""Policies that would never end, or fill the memory, were nobody counting."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["HOSTILE", "Case"]

Case = tuple[str, Any]
_BIG: Final = "a" * 10_000_000


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


# Name -> rule bodies of the package `hostile` (the entrypoint is `p`), and the input.
HOSTILE: Final[dict[str, Case]] = {
    "endless product": (
        "p if { some a in numbers.range(1, 2000); some b in numbers.range(1, 2000)\n"
        "some c in numbers.range(1, 2000); a + b + c == 0 }",
        {},
    ),
    "product of sets": (
        "xs := {x | some x in numbers.range(1, 3000)}\n"
        "p := count({[a, b, c] | some a in xs; some b in xs; some c in xs})",
        {},
    ),
    "functions that call each other often": (
        "f0(x) := x\n"
        + "\n".join([f"f{n}(x) := f{n - 1}(x + 1) + f{n - 1}(x + 2)" for n in range(1, 40)])
        + "\np := f39(1)",
        {},
    ),
    "strings that double": (
        "s0 := \"aaaaaaaaaa\"\n"
        + "\n".join([f"s{n} := concat(\"\", [s{n - 1}, s{n - 1}])" for n in range(1, 60)])
        + "\np := count(s59)",
        {},
    ),
    "arrays that double": (
        "s0 := [1, 2, 3]\n"
        + "\n".join([f"s{n} := array.concat(s{n - 1}, s{n - 1})" for n in range(1, 60)])
        + "\np := count(s59)",
        {},
    ),
    "numbers that square": (
        "n0 := 123456789\n"
        + "\n".join([f"n{n} := n{n - 1} * n{n - 1}" for n in range(1, 60)])
        + "\np := n59",
        {},
    ),
    "walk over walks": (
        "p if { walk(input.deep, [a, x]); walk(input.deep, [b, y]); walk(input.deep, [c, z])\n"
        "a == b; b == c; c == [\"no\"] }",
        {"deep": [[n, [n, {"k": [n]}]] for n in range(300)]},
    ),
    "a range without end": ("p := count(numbers.range(1, 1000000000000))", {}),
    "a wide sprintf": ("p := count(sprintf(\"%999999d%999999d%999999d\", [1, 2, 3]))"
                       + "\n", {}),
    "replace that explodes": (
        "p := count(replace(input.big, \"a\", input.big))", {"big": "a" * 100_000}),
    "regex.replace that explodes": (
        "p := count(regex.replace(input.big, \"a\", input.big))", {"big": "a" * 20_000}),
    "a regex that would backtrack": (
        "p := regex.match(\"^(a+)+$\", concat(\"\", [input.big, \"b\"]))", {"big": _BIG}),
    "a big set of arrays": (
        "p := count({[x, y] | some x in input.n; some y in input.n})",
        {"n": list(range(5000))},
    ),
    "a network expanded": ("p := count(net.cidr_expand(\"::/64\"))", {}),
    "shifted too far": ("p := bits.lsh(1, 100000000000)", {}),
    "paths without number": (
        "g := {sprintf(\"%d\", [x]): [sprintf(\"%d\", [y]) | some y in numbers.range(1, 40)]"
        " | some x in numbers.range(1, 40)}\n"
        "p := count(graph.reachable_paths(g, {\"1\"}))",
        {},
    ),
    "patches without end": (
        "ps := [{\"op\": \"add\", \"path\": sprintf(\"/k%d\", [x]), \"value\": input.v} "
        "| some x in numbers.range(1, 20000)]\np := count(json.patch({}, ps))",
        {"v": list(range(1000))},
    ),
    "a template that loops": (
        "p := count(strings.render_template(`{{range .a}}{{range $.a}}{{range $.a}}x{{end}}{{end}}"
        "{{end}}`, {\"a\": input.a}))",
        {"a": list(range(2000))},
    ),
    "units of many digits": (
        "p := [units.parse(concat(\"\", [input.big, \"m\"])) | some _ in numbers.range(1, 100000)]",
        {"big": "9" * 9_000},
    ),
    "unions of unions": (
        "o0 := {sprintf(\"%d\", [x]): x | some x in numbers.range(1, 2000)}\n"
        + "\n".join([f"o{n} := object.union(o{n - 1}, {{\"x{n}\": o{n - 1}}})"
                     for n in range(1, 60)])
        + "\np := count(json.marshal(o59))",
        {},
    ),
    "every over every": (
        "p if every a in input.n { every b in input.n { every c in input.n { a + b + c > 0 } } }",
        {"n": list(range(1, 2000))},
    ),
    "sorting again and again": (
        "p := [count(sort(input.n)) | some _ in numbers.range(1, 1000000)]",
        {"n": [str(n * 7919 % 100_003) for n in range(20_000)]},
    ),
}  # fmt: skip

HOSTILE |= {
    "a pattern of many states": (
        "p := regex.match(\"(a|b)*a(a|b){200}c\", input.big)", {"big": "ab" * 5_000_000}),
    "every letter found": ("p := count(regex.find_n(\"[a-z]\", input.big, -1))", {"big": _BIG}),
    "ten million escapes": (
        "p := count(sprintf(\"%q\", [input.big]))", {"big": "\x01" * 10_000_000}),
    "ten million capitals": ("p := count(lower(input.big))", {"big": "\xc9" * 10_000_000}),
    "a long JSON text": (
        "p := count(json.unmarshal(input.big))", {"big": "[" + "1," * 3_000_000 + "1]"}),
    "a long query": ("p := urlquery.decode_object(input.big)", {"big": "a=b&" * 2_000_000}),
    "a million numbers": ("p := sum(input.n)", {"n": [0.1] * 1_000_000}),
    "a million to sort": (
        "p := count(sort(input.n))", {"n": [str(n * 7919 % 100_003) for n in range(1_000_000)]}),
    "sixty thousand networks": (
        "p := net.cidr_merge(input.c)",
        {"c": [f"10.{n % 256}.{n // 256}.0/24" for n in range(60_000)]}),
    "a search in vain": (
        "p := indexof(input.a, input.b)", {"a": _BIG, "b": "a" * 5_000_000 + "b"}),
    "input nested deeply": ("p := json.marshal(input)", _nested(50_000)),
    "nested sets": ("p := {input, [input]}", _nested(50_000)),
    "walk in the depth": ("p := count([x | walk(input, [_, x])])", _nested(5_000)),
}  # fmt: skip
