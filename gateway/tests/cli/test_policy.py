"""Policies are checked and tested without a gateway, a data directory or a network."""

import json
import re
from pathlib import Path

from .commands import Here

POLICY = "policies: {chain: [{name: scrub, kind: redactor}, {name: titan, kind: keyword, terms: [titan]}]}\n"
CASES = "cases: [{note: mail, input: {text: bob@x.org}, want: {verdict: redact}}]\n"


def test_lint_ends_with_0_1_or_2(here: Here, tmp_path: Path) -> None:
    Path("gatepost.yaml").write_text(POLICY)
    assert here("policy", "lint") == (0, "gatepost.yaml: nothing is wrong\n", "")
    Path("wrong.yaml").write_text("policies: {chain: [{name: a, kind: keyword}]}\n")
    code, out, err = here("policy", "lint", "--file", "wrong.yaml")
    assert (code, out, err) == (1, "", "wrong.yaml:1:20: error: `terms` is missing\n")
    Path("warns.yaml").write_text("fallbacks: {a: [b]}\n")
    code, _, err = here("policy", "lint", "warns.yaml")
    assert code == 2
    assert err.startswith("warns.yaml:1:13: warning: model `a` is not declared")
    assert here.json("policy", "lint", "warns.yaml")["ok"] is True
    code, out, _ = here("policy", "lint", "none.yaml", "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)
    assert not (tmp_path / ".gatepost").exists()


def test_test_ends_with_0_1_or_2(here: Here, tmp_path: Path) -> None:
    Path("gatepost.yaml").write_text(POLICY)
    assert here("policy", "test")[0] == 2
    Path("gatepost.cases.yaml").write_text(CASES)
    code, out, _ = here("policy", "test", "gatepost.yaml")
    assert code == 0
    assert out.splitlines() == [
        "gatepost.yaml: 1 of 1 cases passed",
        "gatepost.yaml: 1 of 2 rules said something in a case",
        "  never heard: titan (keyword)",
    ]
    code, _, err = here("policy", "test", "--pack-dir", ".", "--coverage-min", "80")
    assert (code, "coverage is 50.0 %" in err) == (1, True)
    page = here.json("policy", "test")
    assert (page["ok"], page["policies"][0]["coverage"]["percent"]) == (True, 50.0)
    Path("gatepost.cases.yaml").write_text(CASES.replace("redact", "block"))
    code, out, _ = here("policy", "test")
    assert code == 1
    assert "gatepost.cases.yaml:1:9: FAILED gatepost.cases.yaml: mail\n  verdict is `redact`, not `block`" in out
    code, out, _ = here("policy", "test", "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)
    Path("gatepost.yaml").write_text("policies: 5\n")
    code, out, _ = here("policy", "test", "gatepost.yaml", "--json")
    assert (code, json.loads(out)["errors"][0]["where"]) == (1, "gatepost.yaml:1:11")


PAGE = (Path(__file__).resolve().parents[3] / "docs/policy-testing.md").read_text()


def test_the_samples_of_the_documentation_run(here: Here) -> None:
    for name, text in re.findall(r"```(?:yaml|rego)\n# (\S+)\n(.*?)```", PAGE, re.DOTALL):
        Path(name).write_text(text)
    assert here("policy", "lint", "shop.yaml")[0] == 0
    code, out, _ = here("policy", "test", "shop.yaml")
    assert (code, out) == (0, re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[0])
    assert here("policy", "test", "packed.yaml", "--coverage-min", "100")[0] == 0
