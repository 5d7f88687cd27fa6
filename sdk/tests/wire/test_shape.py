"""The models of the contract: strict questions, tolerant answers, exact money."""

import json
from decimal import Decimal

import pytest
from pydantic import BaseModel, ValidationError

from gatepost import wire


@pytest.mark.parametrize("amount", ["0.0000001", "123456789.123456789", "0", "-1.5"])
def test_money_is_exact_and_never_in_exponents(amount):
    said = wire.TraceSummary(id="t", total_cost=Decimal(amount)).model_dump_json()
    assert json.loads(said)["total_cost"] == amount
    assert wire.TraceSummary.model_validate_json(said).total_cost == Decimal(amount)


def test_money_may_come_as_a_number():
    assert wire.TraceCreate.model_validate_json('{"revenue": 0.1}').revenue == Decimal("0.1")


def test_a_question_with_an_unknown_field_is_refused():
    with pytest.raises(ValidationError, match="polcy"):
        wire.ExecutionRequest.model_validate({"trace_id": "t", "polcy": 1})


def test_an_answer_keeps_unknown_fields():
    answer = wire.Up.model_validate({"status": "ok", "version": "9", "region": "eu"})
    assert answer["region"] == "eu"
    assert "region" in answer
    assert json.loads(answer.model_dump_json())["region"] == "eu"


def test_items_are_named_as_on_the_wire():
    change = wire.Change.model_validate({"path": "a", "op": "change", "from": 1, "to": 2})
    assert (change["from"], change.before, change.get("to"), "nothing" in change) == (1, 1, 2, False)
    assert change.get("nothing", 3) == 3
    assert 7 not in change
    assert change.model_dump(by_alias=True)["from"] == 1


def test_models_do_not_share_their_defaults():
    first, second = wire.Trace(id="1"), wire.Trace(id="2")
    first.metadata["a"] = 1
    assert second.metadata == {}


def test_secrets_do_not_print():
    entry = wire.ModelEntry(id="m", identifier="m", provider="openai", api_key="sk-secret")
    created = wire.KeyCreated(id="k", name="n", kind="runtime", key="gp_k_secret")
    assert "secret" not in repr(entry) + repr(created)


def test_every_name_is_there_and_every_model_can_be_built():
    assert wire.__all__ == sorted(wire.__all__)
    assert set(wire.__all__) <= set(dir(wire))
    for name in wire.__all__:
        found = getattr(wire, name)
        if isinstance(found, type) and issubclass(found, BaseModel):
            assert found.model_json_schema()["type"] == "object"
    with pytest.raises(AttributeError, match="Nothing"):
        wire.Nothing  # noqa: B018
