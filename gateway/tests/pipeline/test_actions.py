import msgspec
import pytest

from gatepost_gateway.dialects.openai_chat import read_asked
from gatepost_gateway.pipeline.actions import ActionStage, action_body, payload_of

PAYLOAD = {"to": "ann@example.com", "amount": 3, "lines": ["a", {"b": None}]}


@pytest.mark.parametrize("stage", ActionStage)
def test_a_payload_comes_back_as_it_went(stage: ActionStage) -> None:
    assert payload_of(read_asked(action_body(stage, "mail.send", PAYLOAD))) == PAYLOAD


@pytest.mark.parametrize(
    ("stage", "role"),
    [
        (ActionStage.MODEL_REQUEST, "user"),
        (ActionStage.MODEL_RESPONSE, "assistant"),
        (ActionStage.TOOL_RESULT, "tool"),
        (ActionStage.TOOL_CALL, "assistant"),
    ],
)
def test_each_stage_stands_where_rules_look_for_it(stage: ActionStage, role: str) -> None:
    body = msgspec.json.decode(action_body(stage, "mail.send", PAYLOAD))
    assert body["messages"][0]["role"] == role
    assert ("tools" in body) is (stage is ActionStage.TOOL_CALL)


def test_a_payload_that_is_json_no_more_is_told():
    body = action_body(ActionStage.TOOL_CALL, "f", PAYLOAD).replace(b'\\"to\\"', b"to")
    with pytest.raises(ValueError, match="JSON"):
        payload_of(read_asked(body))
