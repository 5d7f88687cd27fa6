"""A Rego policy as a data plane gets it."""

from msgspec import Struct

from gatepost_gateway.domain.governance import Mode, Phase


class RegoEntry(Struct, frozen=True):
    """A Rego policy in force at one stage of a project or a proxy. `name` is the rule's name in rulings and records.

    `packages` are those that are asked; `reads` the paths of the input that it looks at, as the engine found them.
    """

    name: str
    phase: Phase
    source: str
    packages: tuple[str, ...]
    reads: tuple[tuple[str, ...], ...]
    mode: Mode = Mode.ENFORCE
    seconds: float = 0.010
    """How long one evaluation may take."""
    fails_open: bool = False
    """Whether a call passes where the policy gives no answer. Requests never do."""
    isolated: bool = False
    """It takes long to compile, and is compiled in the worker process only."""
