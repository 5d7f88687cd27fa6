"""Rules from specs, as a configuration makes them."""

from typing import Any

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.governance import Ruling
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule


def spec(kind: str, /, **settings: Any) -> RuleSpec:
    return RuleSpec(name="r", kind=kind, settings=settings)


def engine(*specs: RuleSpec) -> Engine:
    toolbox = Toolbox(b"key")
    loaded = [load_rule(one, toolbox) for one in specs]
    return Engine([one.rule for one in loaded], b"key")


def judged(facts: Facts, kind: str, /, **settings: Any) -> Ruling:
    return engine(spec(kind, **settings)).judge(facts)
