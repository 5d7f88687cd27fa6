"""`rego.parse_module` gives the syntax tree that OPA gives."""

from __future__ import annotations

from typing import Any

from gatepost_rego import Capabilities, EvaluationError, compile


def tree(text: str) -> Any:
    policy = compile(
        "package a\n\np := rego.parse_module(\"x.rego\", input)",
        entrypoints=["a/p"],
        capabilities=Capabilities(strict_builtin_errors=True),
    )
    return policy.evaluate(text).value


def var(name: str) -> dict[str, Any]:
    return {"type": "var", "value": name}


def ref(*parts: str) -> dict[str, Any]:
    return {"type": "ref", "value": [var(parts[0])] + [
        {"type": "string", "value": part} for part in parts[1:]
    ]}  # fmt: skip


def test_a_module_has_its_package_imports_and_rules() -> None:
    found = tree("package a.b\n\nimport data.x as y\n\np := 1 if not f(input.a, [_])\n")
    assert found["package"] == {"path": ref("data", "a", "b")["value"]}
    assert found["imports"] == [{"path": ref("data", "x"), "alias": "y"}]
    array = {"type": "array", "value": [var("$0")]}
    assert found["rules"] == [{
        "head": {"name": "p", "ref": [var("p")], "assign": True,
                 "value": {"type": "number", "value": 1}},
        "body": [{"index": 0, "negated": True, "terms": [ref("f"), ref("input", "a"), array]}],
    }]  # fmt: skip


def test_members_are_in_order_and_null_is_as_go_prints_it() -> None:
    found = tree("package a\n\nq contains {2, null, \"a\"} # note\n")
    assert found["rules"][0]["head"]["key"]["value"] == [
        {"type": "null", "value": {}}, {"type": "number", "value": 2},
        {"type": "string", "value": "a"},
    ]  # fmt: skip
    assert found["comments"] == [
        {"Location": {"file": "x.rego", "row": 3, "col": 27}, "Text": "IG5vdGU="}
    ]


def test_what_is_no_policy_is_an_error() -> None:
    try:
        tree("package")
    except EvaluationError as error:
        assert error.diagnostic.code == "eval_builtin_error"
        assert "rego_parse_error" in error.diagnostic.message
    else:
        raise AssertionError("it was parsed")
