import json
from typing import Any

import msgspec
import pytest

from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.errors import Code, LimitExceeded, Refused
from gatepost_gateway.domain.escalation import HumanVerdict
from gatepost_gateway.domain.governance import Decision, Effect, Mode, Phase, Ruling
from gatepost_gateway.domain.records import Admitted, Escalated
from gatepost_gateway.domain.snapshot import Snapshot

from .fakes import Answer, House, ScriptedTransport, chat, completion, daily, entry, events, run, snapshot_of

ASKS = Ruling(
    Effect.ESCALATE,
    (Decision("ask", "human-oversight", "request", Mode.ENFORCE, Effect.ESCALATE, code="oversight"),),
    "ask",
    "a person looks at this",
)
FAR = 2**60


def house(ruling: Any = ASKS, answers: int = 3, approvals: Any = None, **more: Any) -> House:
    transport = ScriptedTransport(*(Answer(200, [completion()]) for _ in range(answers)))
    return House(snapshot_of(entry(), **more), transport, engine=lambda _: ruling, approvals=approvals)


def held(one: House, body: Any = None, **more: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        run(one.call(body or chat(), **more))
    assert caught.value.code is Code.ESCALATION_REQUIRED
    return caught.value


def escalations(one: House) -> list[Escalated]:
    return [entry for entry in one.recorder.entries if isinstance(entry, Escalated)]


def decide(one: House, *verdicts: HumanVerdict) -> None:
    document = msgspec.structs.replace(one.snapshot.document, verdicts=verdicts)
    one.snapshot = Snapshot(document, one.snapshot.chains)


def verdict(one: House, approved: bool = True, until: int = FAR, number: int = -1) -> HumanVerdict:
    found = escalations(one)[number]
    return HumanVerdict(found.id, found.fingerprint, approved, until)


def test_what_a_rule_escalates_waits_for_a_person_and_is_written_down():
    one = house()
    error = held(one)
    (found,) = escalations(one)
    assert error.escalation == found.id
    assert (
        error.public == f"a person looks at this: this request waits for a person to approve it (escalation {found.id})"
    )
    assert (found.rule, found.kind, found.phase, found.reason) == ("ask", "human-oversight", "request", "oversight")
    assert (found.project, found.key_id, found.model) == ("p", "k1", "m")
    assert (found.step_id, found.trace_id) == (one.record.step_id, one.record.trace_id)
    assert found.expires_at > found.at
    assert one.transport.asked == []
    assert "hello" not in str(found)


def test_the_same_request_again_is_the_same_escalation():
    one = house()
    first = held(one)
    assert (
        held(one, b' { "messages" : [{"content":"hello","role":"user"}], "model":"m"} ').escalation == first.escalation
    )
    assert len(escalations(one)) == 1


@pytest.mark.parametrize("body", [chat("other"), chat(model="sandbox/echo"), chat(temperature=0.5)])
def test_another_request_is_another_one(body):
    one = house()
    assert held(one).escalation != held(one, body).escalation


def test_an_approval_admits_the_identical_request_once():
    one = house()
    held(one)
    decide(one, verdict(one))
    assert run(one.call(chat())).status == 200
    (admitted,) = (entry for entry in one.recorder.entries if isinstance(entry, Admitted))
    assert admitted.step_id == one.record.step_id
    position = one.recorder.entries.index(admitted)
    assert position < one.recorder.entries.index(one.recorder.opened[0])
    second = held(one)
    assert second.escalation != admitted.escalation_id
    assert len(escalations(one)) == 2


def test_an_approval_is_nothing_to_another_request_and_nothing_after_its_time():
    one = house()
    held(one)
    approved = verdict(one)
    decide(one, approved)
    assert held(one, chat("other")).escalation != approved.escalation_id
    decide(one, msgspec.structs.replace(approved, until=1))
    assert held(one).escalation
    assert one.transport.asked == []


def test_a_denied_request_is_turned_away_without_a_new_escalation():
    one = house()
    held(one)
    decide(one, verdict(one, approved=False))
    error = held(one)
    assert "a person has denied this request" in error.public
    assert len(escalations(one)) == 1


def test_what_is_refused_before_it_is_sent_gives_its_approval_back():
    one = house(budgets=(daily(1),))
    held(one)
    decide(one, verdict(one))
    with pytest.raises(LimitExceeded):
        run(one.call(chat()))
    one.snapshot = Snapshot(
        msgspec.structs.replace(
            one.snapshot.document,
            projects=(msgspec.structs.replace(one.snapshot.document.projects[0], budgets=()),),
        ),
        one.snapshot.chains,
    )
    assert run(one.call(chat())).status == 200


class Elsewhere:
    """Approvals that other gateways act on too. `left`: what they have not used up."""

    def __init__(self, *left: str) -> None:
        self.left = {*left}

    async def admit(self, escalation_id: str, step_id: str) -> bool:
        return escalation_id in self.left


def test_an_approval_that_another_gateway_used_up_admits_nothing_here():
    one = house(approvals=Elsewhere())
    held(one)
    used = verdict(one)
    decide(one, used)
    error = held(one)
    assert "was used up at another gateway" in error.public
    assert error.escalation != used.escalation_id
    assert (error.rule, one.transport.asked, one.ledger.open_holds()) == ("ask", [], 0)
    assert not any(isinstance(entry, Admitted) for entry in one.recorder.entries)


def test_the_first_of_several_gateways_uses_it_up():
    one = house(approvals=(elsewhere := Elsewhere()))
    held(one)
    elsewhere.left.add(verdict(one).escalation_id)
    decide(one, verdict(one))
    assert run(one.call(chat())).status == 200
    held(one)


def test_a_block_stays_a_block_whoever_approved():
    one = house()
    held(one)
    approved = verdict(one)
    blocks = House(one.snapshot, one.transport, engine=lambda _: Ruling(Effect.BLOCK, (), "no", "no"))
    decide(blocks, approved)
    with pytest.raises(Refused) as caught:
        run(blocks.call(chat()))
    assert caught.value.code is Code.INPUT_BLOCKED


def test_nothing_of_the_text_is_in_the_entry():
    one = house()
    held(one, chat("the secret is 4711"))
    assert "4711" not in json.dumps(msgspec.to_builtins(escalations(one)[0]))


def test_an_escalated_answer_is_withheld_and_goes_out_when_it_is_approved():
    rule = RuleSpec(
        name="ask", kind="keyword", settings={"terms": ["titan"], "action": "escalate"}, phases=(Phase.RESPONSE,)
    )
    words = ("the ", "tit", "an ", "flies")
    one = House(
        snapshot_of(entry(), rules=(rule,)),
        ScriptedTransport(*(Answer(200, list(events(*words))) for _ in range(3))),
    )
    body = chat(stream=True)
    error = held(one, body)
    assert escalations(one)[0].phase == "response"
    decide(one, verdict(one))
    assert b"flies" in b"".join(run(one.call(body)).batches)
    assert held(one, body).escalation != error.escalation


def test_an_approved_request_goes_on_redacted():
    rules = (
        RuleSpec(name="scrub", kind="redactor", phases=(Phase.REQUEST,)),
        RuleSpec(
            name="ask", kind="keyword", settings={"terms": ["wire"], "action": "escalate"}, phases=(Phase.REQUEST,)
        ),
    )
    one = House(snapshot_of(entry(), rules=rules), ScriptedTransport(Answer(200, [completion()])))
    held(one, chat("wire it to bob@example.org"))
    decide(one, verdict(one))
    assert run(one.call(chat("wire it to bob@example.org"))).status == 200
    assert json.loads(one.transport.asked[0].body)["messages"][0]["content"] == "wire it to [EMAIL]"
