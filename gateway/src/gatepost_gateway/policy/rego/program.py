"""A policy's text, checked and compiled."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import gatepost_rego
from gatepost_rego import Capabilities, Diagnostic, EvaluationError, Limits, PolicyError

from gatepost_gateway.domain.rego import Mistake, PolicyFailed
from gatepost_gateway.policy.rego.verdict import DOCUMENTS

OWN_PACKAGE: Final = "gatepost.policy"
LONGEST_SOURCE: Final = 256 * 1024
"""Characters of one policy."""
_CAPABILITIES: Final = Capabilities(limits=Limits(steps=5_000_000, cells=500_000))


class PolicyRefused(ValueError):
    """A policy does not compile, or says nothing that is asked for. `mistakes` holds every finding."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(f"{one.line}:{one.column}: {one.message}" for one in self.mistakes))


class Program:
    """A compiled policy: immutable, safe to share."""

    def __init__(self, policy: gatepost_rego.Policy, packages: tuple[str, ...]) -> None:
        self._policy = policy
        self.packages = packages
        self.reads = policy.reads()

    def evaluate(self, document: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """The documents that have a value, by `package/document`. Raises PolicyFailed, within `seconds`."""
        try:
            return self._policy.evaluate(document, deadline=seconds).values
        except EvaluationError as error:
            raise PolicyFailed(f"{error.code}: {error.diagnostic.message}") from error

    def traced(self, document: Mapping[str, Any], seconds: float) -> tuple[Mapping[str, Any], frozenset[int]]:
        """As `evaluate`, and the lines of the rules that gave a value."""
        try:
            found = self._policy.evaluate(document, deadline=seconds, trace=True)
        except EvaluationError as error:
            raise PolicyFailed(f"{error.code}: {error.diagnostic.message}") from error
        return found.values, frozenset(one.row for one in found.fired)


def compile_program(source: str, packages: Sequence[str] = ()) -> Program:
    """`packages`: names that are asked beside our own. Raises PolicyRefused with every finding."""
    if len(source) > LONGEST_SOURCE:
        raise PolicyRefused([Mistake("too_large", f"a policy is at most {LONGEST_SOURCE} characters long")])
    asked = (OWN_PACKAGE, *(name for name in packages if name != OWN_PACKAGE))
    policy = _compiled(source, [f"{name.replace('.', '/')}/{one}" for name in asked for one in DOCUMENTS])
    there = [title for title in policy.entrypoints if policy.defines(title)]
    if not there:
        names = ", ".join(f"`{name}`" for name in asked)
        documents = ", ".join(f"`{one}`" for one in DOCUMENTS)
        raise PolicyRefused([Mistake("no_decision", f"the policy defines none of {documents} in package {names}")])
    places = {title.rpartition("/")[0] for title in there}
    speaking = tuple(name for name in asked if name.replace(".", "/") in places)
    return Program(policy.asking(there), speaking)


def _compiled(source: str, entrypoints: Sequence[str]) -> gatepost_rego.Policy:
    """As version 1 of the language, else as version 0; of two failures the one that got further into the text."""
    failures: list[tuple[Mistake, ...]] = []
    for version in ("v1", "v0"):
        found = gatepost_rego.check(
            {"policy.rego": source}, capabilities=_CAPABILITIES, version=version, strict=True
        )
        if not found:
            try:
                return gatepost_rego.compile(
                    {"policy.rego": source}, entrypoints=entrypoints, capabilities=_CAPABILITIES, version=version
                )
            except PolicyError as error:
                found = error.diagnostics
        failures.append(tuple(map(_mistake, found)))
    raise PolicyRefused(max(failures, key=lambda one: (not _is_parse(one), one[0].line, one[0].column)))


def _is_parse(found: tuple[Mistake, ...]) -> bool:
    return any(one.code == "rego_parse_error" for one in found)


def _mistake(found: Diagnostic) -> Mistake:
    return Mistake(found.code, found.message, max(1, found.row), max(1, found.column), found.line)
