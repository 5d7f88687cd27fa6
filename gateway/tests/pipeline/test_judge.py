import pytest

from gatepost_gateway.domain.errors import Code, Refused
from gatepost_gateway.domain.governance import ALLOWED, Decision, Effect, Mode, Ruling
from gatepost_gateway.pipeline.judge import no_rules

from .fakes import Answer, House, ScriptedTransport, chat, completion, entry, run, snapshot_of

SEEN = Decision("no-secrets", "secrets", "request", Mode.OBSERVE, Effect.BLOCK)


def house(ruling):
    return House(snapshot_of(entry()), ScriptedTransport(Answer(200, [completion()])), engine=lambda _: ruling)


def test_without_rules_everything_is_allowed_and_nothing_decided():
    held = house(ALLOWED)
    run(held.call(chat()))
    assert held.record.decisions == ()
    assert no_rules(None) is ALLOWED


def test_what_was_seen_and_allowed_is_recorded():
    held = house(Ruling(Effect.ALLOW, (SEEN,)))
    assert run(held.call(chat())).status == 200
    assert held.record.decisions == (SEEN,)


@pytest.mark.parametrize("effect", [Effect.BLOCK, Effect.ESCALATE, Effect.REDACT])
def test_what_this_version_cannot_carry_out_is_blocked(effect):
    held = house(Ruling(effect, (SEEN,), "no-secrets", "a key was found"))
    with pytest.raises(Refused, match="a key was found") as caught:
        run(held.call(chat()))
    code = Code.ESCALATION_REQUIRED if effect is Effect.ESCALATE else Code.INPUT_BLOCKED
    assert (caught.value.rule, caught.value.code) == ("no-secrets", code)
    assert held.transport.asked == []
    assert (held.record.outcome, held.record.decisions) == ("refused", (SEEN,))
    assert held.ledger.open_holds() == 0


def test_a_ruling_without_words_names_its_rule():
    with pytest.raises(Refused, match="blocked by `policy`"):
        run(house(Ruling(Effect.BLOCK)).call(chat()))


def test_an_engine_that_breaks_blocks():
    def broken(call):
        raise ZeroDivisionError

    held = House(snapshot_of(entry()), engine=broken)
    from gatepost_gateway.domain.errors import GatewayFault

    with pytest.raises(GatewayFault) as caught:
        run(held.call(chat()))
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert held.record.outcome == "failed"
