"""What a kind of rule is: its settings, what it can look at, and how an instance is made."""

from collections.abc import Callable, Hashable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from msgspec import Struct

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.findings import Detector
from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.policy.rules import Label, Rule

DetectorT = TypeVar("DetectorT", bound=Detector)
EVERYTHING = frozenset(Operation)
CHATS = frozenset({Operation.CHAT})
TEXTS: Mapping[Phase, frozenset[Operation]] = MappingProxyType(
    {Phase.REQUEST: EVERYTHING, Phase.RESPONSE: frozenset({Operation.CHAT, Operation.IMAGE})}
)
"""Where texts are: the answers of the other operations are numbers."""


class Toolbox:
    """What kinds are made with. Detectors that several instances want are made once, and run once a text."""

    def __init__(self, key: bytes = b"") -> None:
        self.key = key
        """The deployment's, for hashes that nobody else can make."""
        self._made: dict[Hashable, Any] = {}

    def detector(self, what: Hashable, make: Callable[[], DetectorT]) -> DetectorT:
        """The detector called `what`; `make` is asked the first time."""
        if what not in self._made:
            self._made[what] = make()
        return self._made[what]


class Instance(Struct, frozen=True):
    """One rule to be made: its name and mode, the gates that it stands at, its checked settings."""

    label: Label
    phases: frozenset[Phase]
    settings: Any


class Kind(Struct, frozen=True):
    """`honours`: the operations it has something to look at in, a gate each. `load` raises Unloadable."""

    name: str
    settings: type[Struct]
    load: Callable[[Instance, Toolbox], Rule]
    honours: Mapping[Phase, frozenset[Operation]] = TEXTS


class Loaded(Struct, frozen=True):
    """A rule and where it stands."""

    spec: RuleSpec
    rule: Rule
    operations: Mapping[Phase, frozenset[Operation]]
    """Where it judges; elsewhere it is recorded as not run."""

    def gates(self, operation: Operation) -> frozenset[Phase]:
        """The gates at which it judges such a call."""
        return frozenset(phase for phase, honoured in self.operations.items() if operation in honoured)
