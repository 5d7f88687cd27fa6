"""Where test cases stand, and what they say: beside a policy, in a file of their own, or in the policy's own file."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from msgspec import Struct

from gatepost_gateway.control.draft import REGO, Policy, read_policy
from gatepost_gateway.settings import ConfigurationError, Problem, read_file
from gatepost_gateway.settings.cases import CaseShape, CasesShape, SuiteShape
from gatepost_gateway.settings.check import check, order, reporter
from gatepost_gateway.settings.problems import Path as KeyPath
from gatepost_gateway.settings.yamltext import Tree, read

ENDINGS = (".cases.yaml", ".cases.yml", ".cases.json")
_POLICIES = (".yaml", ".yml", REGO)
_PACKS = ("gatepost.yaml", "policy-config.yaml")


class Case(Struct, frozen=True):
    """`where` is `file:line:column`; `target` the rule or kind that its suite is about."""

    where: str
    suite: str
    target: str | None
    said: CaseShape


class Tests(Struct, frozen=True):
    """A policy and its cases."""

    policy: Policy
    cases: tuple[Case, ...]


def find_tests(path: Path, packages: Sequence[str] = ()) -> list[Tests]:
    """Every policy that has cases at `path`: a policy, a file of cases, or a folder. Raises ConfigurationError."""
    found: dict[Path, list[Path]] = {}
    for policy, cases in _folder(path) if path.is_dir() else [_file(path)]:
        found.setdefault(policy, []).extend(cases)
    return [_tests(policy, files, packages) for policy, files in found.items()]


def _tests(path: Path, files: Sequence[Path], packages: Sequence[str]) -> Tests:
    policy = read_policy(path, packages)
    if policy.problems:
        raise ConfigurationError(policy.problems)
    cases = list(_inline(policy))
    named = policy.testing.files if policy.testing is not None else ()
    more = [one for pattern in named for one in _matching(policy.path, pattern)]
    for one in dict.fromkeys((*files, *more)):
        cases += _read(one)
    return Tests(policy, tuple(cases))


def _folder(path: Path) -> Iterator[tuple[Path, list[Path]]]:
    files = [one for one in sorted(path.rglob("*")) if one.is_file() and not _hidden(one.relative_to(path))]
    for one in files:
        if one.name.endswith(ENDINGS) or (one.suffix in (".yaml", ".yml") and "testing" in _top(one)):
            yield _file(one)
    for name in _PACKS:
        if (path / name).exists() and (cases := sorted((path / "tests").glob("*.json"))):
            yield path / name, cases


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _file(path: Path) -> tuple[Path, list[Path]]:
    """The policy that is meant, and the files of cases."""
    if path.suffix == REGO or not ({"cases", "suites"} & _top(path)):
        beside = (path.with_name(path.stem + ending) for ending in ENDINGS)
        return path, [one for one in beside if one.exists()]
    said = read(read_file(path), str(path)).value
    named = cast("dict[str, Any]", said).get("policy")
    if isinstance(named, str):
        return path.parent / named, [path]
    stem = next((path.name.removesuffix(ending) for ending in ENDINGS if path.name.endswith(ending)), None)
    beside = [path.with_name(f"{stem}{ending}") for ending in _POLICIES if stem is not None]
    for one in beside:
        if one.exists():
            return one, [path]
    raise ConfigurationError((Problem(f"{path}:1:1", "`policy` is missing: it names the file that is tested"),))


def _top(path: Path) -> set[str]:
    """The keys at the top of a YAML file; none where it has another form."""
    try:
        value: Any = read(read_file(path), str(path)).value
    except ConfigurationError:
        return set()
    return set(cast("dict[str, Any]", value)) if isinstance(value, dict) else set()


def _matching(policy: Path, pattern: str) -> list[Path]:
    found = sorted(policy.parent.glob(pattern))
    if not found:
        raise ConfigurationError((Problem(f"{policy}:1:1", f"`testing.files`: there is no file `{pattern}`"),))
    return found


def _inline(policy: Policy) -> Iterator[Case]:
    if policy.testing is not None:
        tree = read(read_file(policy.path), str(policy.path))
        yield from _suites(tree, ("testing", "suites"), policy.testing.suites)


def _read(path: Path) -> list[Case]:
    tree = read(read_file(path), str(path))
    value: Any = {} if tree.value is None else tree.value
    said = check(CasesShape, value, reporter(tree))
    if tree.problems or said is None:
        raise ConfigurationError(order(tree))
    cases = [*_suites(tree, ("suites",), said.suites)]
    return [*cases, *(_case(tree, ("cases", number), path.name, None, one) for number, one in enumerate(said.cases))]


def _suites(tree: Tree, at: KeyPath, suites: Sequence[SuiteShape]) -> Iterator[Case]:
    for number, suite in enumerate(suites):
        for place, one in enumerate(suite.cases):
            yield _case(tree, (*at, number, "cases", place), suite.name, suite.target, one)


def _case(tree: Tree, at: KeyPath, suite: str, target: str | None, said: CaseShape) -> Case:
    mark = tree.at(at)
    return Case(f"{tree.name}:{mark.line}:{mark.column}", suite, target, said)
