"""`audit-logger`: how long the records of the calls that it governs are kept. It lets every call pass."""

from msgspec import Struct

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.kind import EVERYTHING, Instance, Kind, Toolbox
from gatepost_gateway.policy.rules import Label, Reach, Rule, Vote

_MOST_DAYS = 36_500


class AuditSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`immutable`: records are never changed, whatever it says."""

    retention_days: int = 365
    immutable: bool = True
    log_all_access: bool = False
    hipaa_audit_controls: bool = False


class AuditLogger:
    """Implements `CallRule`."""

    reach = Reach.NOTHING

    def __init__(self, instance: Instance) -> None:
        said: AuditSettings = instance.settings
        self.label: Label = instance.label
        self.phases: frozenset[Phase] = instance.phases
        self._vote = Vote(Effect.ALLOW, f"kept for {said.retention_days} days", retention_days=said.retention_days)

    def judge(self, facts: Facts) -> Vote | None:  # noqa: ARG002 - it says the same of every call
        return self._vote


def load(instance: Instance, toolbox: Toolbox) -> Rule:  # noqa: ARG001 - the shape of every kind
    said: AuditSettings = instance.settings
    if not 1 <= said.retention_days <= _MOST_DAYS:
        raise Unloadable(("retention_days",), f"`retention_days` is 1 to {_MOST_DAYS}")
    if not said.immutable:
        raise Unloadable(("immutable",), "records are never changed: it cannot be switched off")
    if said.log_all_access:
        raise Unloadable(("log_all_access",), "who reads records is not recorded")
    if said.hipaa_audit_controls:
        raise Unloadable(("hipaa_audit_controls",), "no set of controls stands behind that name here")
    return AuditLogger(instance)


AUDIT_LOGGER = Kind("audit-logger", AuditSettings, load, {Phase.REQUEST: EVERYTHING})
