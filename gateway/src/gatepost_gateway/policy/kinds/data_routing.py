"""`data-routing-policy`: calls go only to models whose declared terms of data meet these demands.

The rule itself lets every call pass; the plan leaves out the models that do not meet it, and a call with none left is
blocked in its name.
"""

from typing import Literal

from msgspec import Struct

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.domain.routing import DataPolicy
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.kind import EVERYTHING, Instance, Kind, Toolbox
from gatepost_gateway.policy.rules import Label, Reach, Rule, Vote


class DataRoutingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`max_retention_days`: how long a provider may keep what it was sent. `require_private`: entries that are not
    public, such as models of one's own.
    """

    require_zero_data_retention: bool = False
    require_no_training: bool = False
    max_retention_days: int | None = None
    require_private: bool = False
    regions: tuple[str, ...] = ()
    on_no_compliant_provider: Literal["block"] = "block"
    log_provider_selection: bool = True


class DataRouting:
    """Implements `CallRule`."""

    reach = Reach.NOTHING

    def __init__(self, instance: Instance, demands: DataPolicy) -> None:
        self.label: Label = instance.label
        self.phases: frozenset[Phase] = instance.phases
        self._vote = Vote(Effect.ALLOW, demands=demands)

    def judge(self, facts: Facts) -> Vote | None:  # noqa: ARG002 - it asks the same of every call
        return self._vote


def load(instance: Instance, toolbox: Toolbox) -> Rule:  # noqa: ARG001 - the shape of every kind
    said: DataRoutingSettings = instance.settings
    if not said.log_provider_selection:
        raise Unloadable(("log_provider_selection",), "where a call goes, and what was left out, is always recorded")
    if said.max_retention_days is not None and said.max_retention_days < 0:
        raise Unloadable(("max_retention_days",), "`max_retention_days` is at least 0")
    demands = DataPolicy(
        zero_retention=said.require_zero_data_retention,
        no_training=said.require_no_training,
        regions=said.regions,
        private_only=said.require_private,
        max_retention_days=said.max_retention_days,
    )
    if demands == DataPolicy():
        raise Unloadable((), "nothing is demanded: such a rule leaves nothing out")
    return DataRouting(instance, demands)


DATA_ROUTING = Kind("data-routing-policy", DataRoutingSettings, load, {Phase.REQUEST: EVERYTHING - {Operation.ACTION}})
