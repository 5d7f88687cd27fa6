import pytest

from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.findings import Leaf, Place
from gatepost_gateway.domain.governance import Phase, Principal
from gatepost_gateway.domain.snapshot import ProjectEntry
from gatepost_gateway.policy.facts import Facts, Said, Setting, Texts

SETTING = Setting(
    principal=Principal("k", "org", "p"),
    project=ProjectEntry("p", "org"),
    surface="openai",
    headers={},
    properties={},
    metadata=dict,
)
BODY = b'{"model":"m","messages":[{"role":"user","content":"hello"}]}'
ASKED = Asked(Operation.CHAT, DialectName.OPENAI_CHAT, "m", stream=False, body=BODY, fields={})
OPENED = Texts((Leaf(("messages", 0, "content"), Place.USER, "hello"),))


def test_a_side_is_opened_once_and_only_when_asked():
    opened: list[int] = []

    def request() -> Texts:
        opened.append(1)
        return OPENED

    facts = Facts(Phase.REQUEST, SETTING, ASKED, request)
    assert not opened
    assert facts.request is facts.request is OPENED
    assert opened == [1]


def test_the_answer_is_empty_at_the_request_gate_and_open_at_the_response_gate():
    facts = Facts(Phase.REQUEST, SETTING, ASKED, lambda: OPENED)
    facts.answered(Said(b"{}"), lambda: Texts((), calls=()))
    assert facts.phase is Phase.RESPONSE
    assert facts.answer == Texts(())


@pytest.mark.parametrize("key", ["model", "messages"])
def test_the_body_is_the_callers_json(key: str):
    assert key in Facts(Phase.REQUEST, SETTING, ASKED, lambda: OPENED).body


def test_an_answer_in_parts_is_another_answer_of_the_same_call() -> None:
    facts = Facts(Phase.REQUEST, SETTING, ASKED, lambda: OPENED)
    first = facts.with_answer(Said(b""), Texts((Leaf(("a",), Place.ASSISTANT, "one"),)), None)
    assert [leaf.text for leaf in first.answer.leaves] == ["one"]
    second = first.with_answer(Said(b""), Texts(()), None)
    assert (second.answer.leaves, second.phase) == ((), Phase.RESPONSE)
    assert facts.phase is Phase.REQUEST
