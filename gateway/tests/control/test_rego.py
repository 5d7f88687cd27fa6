from pathlib import Path

import pytest
from msgspec import structs

from gatepost_gateway.control import rego
from gatepost_gateway.control.rego import Checker, checked_policy, read_policies, rego_entries
from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.governance import Mode, Phase
from gatepost_gateway.domain.rego import Checked, Mistake, Submitted
from gatepost_gateway.settings import ConfigurationError, parse
from gatepost_gateway.settings.declared import DeclaredPolicy, Layer

GOOD = 'package gatepost.policy\ndeny contains "x" if input.model == "m"\n'
FOUND = Checked(("gatepost.policy",), (("model",),), 0.001)


class Checks:
    """Finds what it was told to, and keeps what it was asked."""

    def __init__(self, found: Checked = FOUND) -> None:
        self.found = found
        self.asked: list[Submitted] = []

    def __call__(self, submitted):
        self.asked += submitted
        return [self.found for _ in submitted]


def layer_of(folder: Path, policy: str, before: Layer | None = None, check=None) -> Layer:
    file = parse(f"projects:\n  - {{id: p, request_policy: {policy}}}\n", "g.yaml", folder)
    return read_policies(file, file.layer, before or Layer(), check or Checks())


def test_a_file_is_read_beside_the_configuration_and_kept_with_what_was_found(tmp_path: Path):
    (tmp_path / "p.rego").write_text(GOOD)
    checks = Checks()
    layer = layer_of(tmp_path, "{file: p.rego}", check=checks)
    policy = layer.projects[0].request_policy
    assert policy == DeclaredPolicy("p.rego", GOOD, packages=FOUND.packages, reads=FOUND.reads)
    assert checks.asked == [Submitted(GOOD)]


def test_proxies_have_policies_too(tmp_path: Path):
    (tmp_path / "p.rego").write_text(GOOD)
    file = parse("proxies: [{id: bot, response_policy: {file: p.rego, on_error: allow}}]\n", "g.yaml", tmp_path)
    (proxy,) = read_policies(file, file.layer, Layer(), Checks()).proxies
    assert proxy.response_policy is not None
    assert (proxy.response_policy.source, proxy.response_policy.on_error) == (GOOD, "allow")


def test_what_is_unchanged_is_not_checked_again(tmp_path: Path):
    (tmp_path / "p.rego").write_text(GOOD)
    first = layer_of(tmp_path, "{file: p.rego}")
    checks = Checks()
    again = layer_of(tmp_path, "{file: p.rego, mode: observe}", first, checks)
    assert not checks.asked
    assert again.projects[0].request_policy == structs.replace(first.projects[0].request_policy, mode="observe")


def test_the_packages_of_the_file_are_asked_too(tmp_path: Path):
    text = "projects: [{id: p, request_policy: {source: x}}]\ncompat: {rego_packages: [xenovia.policy]}\n"
    file, checks = parse(text), Checks()
    read_policies(file, file.layer, Layer(), checks)
    assert checks.asked == [Submitted("x", ("xenovia.policy",))]


def test_mistakes_are_told_at_their_line_with_a_caret(tmp_path: Path):
    (tmp_path / "p.rego").write_text("package gatepost.policy\n\ndeny := nowhere\n")
    with pytest.raises(ConfigurationError) as caught:
        layer_of(tmp_path, "{file: p.rego}", check=Checker())
    (problem,) = caught.value.problems
    assert problem.where == "p.rego:3:9"
    assert problem.message.endswith("\ndeny := nowhere\n        ^")


def test_mistakes_of_a_policy_in_place_are_told_at_its_key():
    found = Checks(Checked(mistakes=(Mistake("c", "wrong", 2, 3, "  x"),)))
    with pytest.raises(ConfigurationError) as caught:
        layer_of(Path(), '{source: "x"}', check=found)
    (problem,) = caught.value.problems
    assert problem.where.startswith("g.yaml:2:")
    assert problem.message.startswith("line 2, column 3: wrong")


@pytest.mark.parametrize(("data", "want"), [(None, "no such file"), (b"\xff", "not UTF-8"), (b"#" * 300_000, "larger")])
def test_what_cannot_be_read(tmp_path: Path, data: bytes | None, want: str):
    if data is not None:
        (tmp_path / "p.rego").write_bytes(data)
    with pytest.raises(ConfigurationError) as caught:
        layer_of(tmp_path, "{file: p.rego}")
    assert want.lower() in caught.value.problems[0].message.lower()


def test_a_policy_of_the_api():
    policy = checked_policy(DeclaredPolicy(source=GOOD), ("a",), Checks(structs.replace(FOUND, seconds=1.0)))
    assert policy.slow
    assert policy.asked == ("a",)
    broken = Checks(Checked(mistakes=(Mistake("c", "wrong", 2, 3, "  x"),)))
    with pytest.raises(ConfigurationError) as caught:
        checked_policy(DeclaredPolicy(source=GOOD), (), broken)
    assert caught.value.problems[0].where == "source:2:3"


def test_a_text_is_checked_once(monkeypatch: pytest.MonkeyPatch):
    ran: list[int] = []

    def run(submitted):
        ran.append(len(submitted))
        return [FOUND for _ in submitted]

    monkeypatch.setattr(rego, "_run", run)
    check = Checker()
    assert check([Submitted("a"), Submitted("b"), Submitted("a")]) == [FOUND] * 3
    check([Submitted("a")])
    assert ran == [2]
    monkeypatch.setattr(rego, "_REMEMBERED", 1)
    check([Submitted("c"), Submitted("d")])
    check([Submitted("a")])
    assert ran == [2, 2, 1]


def test_a_process_that_fails_is_a_failure_of_the_gateway(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rego, "_COMMAND", ("false",))
    with pytest.raises(GatewayFault, match="could not be checked"):
        Checker()([Submitted("a")])


def test_entries_for_the_data_plane():
    said = DeclaredPolicy(source=GOOD, mode="observe", timeout_ms=50, on_error="allow", packages=("gatepost.policy",))
    request, response = rego_entries("projects/p", said, said)
    assert (request.name, request.phase) == ("projects/p/request_policy", Phase.REQUEST)
    assert (request.mode, request.seconds, request.fails_open) == (Mode.OBSERVE, 0.05, False)
    assert (response.phase, response.fails_open) == (Phase.RESPONSE, True)
    assert rego_entries("projects/p", None, None) == ()
