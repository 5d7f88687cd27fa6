from msgspec.structs import replace

from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.domain.rego import RegoEntry
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.rego.register import Register
from tests.policy.rego.documents import facts_of, said

SOURCE = 'package gatepost.policy\ndeny contains "no" if input.model == "gpt"\n'
REQUEST = RegoEntry("projects/p/request_policy", Phase.REQUEST, SOURCE, ("gatepost.policy",), (("model",),))
RESPONSE = replace(REQUEST, name="projects/p/response_policy", phase=Phase.RESPONSE)
OWN = replace(REQUEST, name="proxies/bot/request_policy")


def register_of(before: Register | None = None) -> Register:
    owners = ((("p", None), (REQUEST, RESPONSE)), (("p", "bot"), (REQUEST, RESPONSE, OWN)))
    return Register(owners, b"key", before)


def test_each_owner_has_its_policies():
    register = register_of()
    engine, rules = register.requests("p", None) or (None, ())
    assert [rule.label.name for rule in rules] == [REQUEST.name]
    assert engine is not None
    assert engine.judge(facts_of(said("x"))).rule == REQUEST.name
    _, more = register.requests("p", "bot") or (None, ())
    assert [rule.label.name for rule in more] == [REQUEST.name, OWN.name]
    assert more[0] is rules[0]
    assert register.requests("other", None) is None


def test_policies_on_answers_follow_the_chain():
    register, chain = register_of(), Engine((), b"key")
    joined = register.joined(chain, "p", None)
    assert [rule.label.name for rule in joined.rules] == [RESPONSE.name]
    assert joined.judges(Phase.RESPONSE)
    assert not joined.judges(Phase.REQUEST)
    assert register.joined(chain, "p", None) is joined
    assert register.joined(chain, "other", None) is chain


def test_what_was_compiled_before_stays_as_it_is():
    before = register_of()
    after = register_of(before)
    assert after.rules[REQUEST] is before.rules[REQUEST]


def test_what_takes_long_to_compile_is_not_compiled_here():
    slow = Register([(("p", None), [replace(REQUEST, isolated=True)])], b"key")
    (rule,) = slow.rules.values()
    assert rule.away


def test_what_does_not_compile_is_asked_elsewhere_and_fails_there():
    broken = Register([(("p", None), [replace(REQUEST, source="package x y")])], b"key")
    (rule,) = broken.rules.values()
    assert rule.away
