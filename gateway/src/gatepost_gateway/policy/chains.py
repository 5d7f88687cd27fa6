"""All rules of a configuration, compiled, and the chain that each call meets."""

from collections.abc import Sequence

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.governance import Decision, Phase
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.kinds.kind import Loaded, Toolbox
from gatepost_gateway.policy.loading import load_rule

Scope = tuple[str, str | None, Operation]


class Chains:
    """The rules of one version. Global rules come first, then those of the project, then those of the proxy."""

    def __init__(self, specs: Sequence[RuleSpec], key: bytes) -> None:
        """Compiles every rule. Raises Unloadable."""
        toolbox = Toolbox(key)
        self.specs = tuple(specs)
        self._rules = sorted((load_rule(spec, toolbox) for spec in specs), key=_breadth)
        self._key = key
        self._engines: dict[Scope, Engine] = {}

    def engine(self, project: str, proxy: str | None, operation: Operation) -> Engine:
        """The engine for the calls of a scope. Rules are compiled already: this only puts them together, once."""
        scope = (project, proxy, operation)
        engine = self._engines.get(scope)
        if engine is None:
            concerned = [one for one in self._rules if one.spec.concerns(project, proxy)]
            engine = self._engines[scope] = Engine(
                [one.rule for one in concerned],
                self._key,
                [one.gates(operation) for one in concerned],
                _apart(concerned, operation),
            )
        return engine


def _breadth(one: Loaded) -> int:
    return 2 if one.spec.proxy is not None else 1 if one.spec.project is not None else 0


def _apart(rules: Sequence[Loaded], operation: Operation) -> tuple[Decision, ...]:
    """What is recorded of rules that have nothing to look at in an operation."""
    return tuple(
        Decision(one.spec.name, one.spec.kind, phase.value, one.spec.mode, None, not_run=_why(one, phase, operation))
        for one in rules
        for phase in Phase
        if phase in one.operations and operation not in one.operations[phase]
    )


def _why(one: Loaded, phase: Phase, operation: Operation) -> str:
    if one.spec.operations and operation.value not in one.spec.operations:
        return f"it is set to judge {', '.join(one.spec.operations)} only"
    return f"there is nothing for it to look at in the {phase.value} of {operation.value}"


NO_CHAINS = Chains((), b"")
"""Of a configuration without rules."""
