import pytest

from gatepost_gateway.domain.governance import Period
from gatepost_gateway.domain.limits import Budget, Reach, Scope, ScopedBudget
from gatepost_gateway.domain.records import Closed
from gatepost_gateway.pipeline.subjects import purses_of, subject_of, user_of

from .fakes import House, chat, run, snapshot_of


def call_of(headers=None, metadata="{}", user=None, **more):
    house = House(snapshot_of(**more))
    call = house.exchange.open(house.inbound(chat(), headers, metadata=metadata))
    record: Closed = call.record
    record.org, record.project, record.key_id, record.proxy = "org", "p", "k1", None
    call.project = house.snapshot.projects["p"]
    if user is not None:
        record.user = user
    return call


def test_a_user_is_named_by_header_then_body_then_trace():
    told = '{"user_id": "of-trace", "team": "blue", "on": true, "n": 7}'
    assert user_of(call_of(metadata=told)) == "of-trace"
    assert user_of(call_of(metadata=told, user="of-header")) == "of-header"
    assert user_of(call_of()) is None


def test_metadata_is_a_property_or_the_traces():
    told = '{"team": "blue", "on": true, "n": 7, "deep": {"a": 1}}'
    call = call_of(metadata=told)
    assert [subject_of(call, Scope.METADATA, name) for name in ("team", "n", "on", "deep", "none")] == [
        "blue", "7", None, None, None,
    ]  # fmt: skip
    call.record.properties = {"team": "red"}
    assert subject_of(call, Scope.METADATA, "Team") == "red"


@pytest.mark.parametrize(
    ("scope", "subject"),
    [
        (Scope.ORG, "org"),
        (Scope.PROJECT, "p"),
        (Scope.KEY, "k1"),
        (Scope.PROXY, None),
        (Scope.GLOBAL, "all"),
        (Scope.IP, None),
    ],
)
def test_what_the_key_says(scope, subject):
    assert subject_of(call_of(), scope, "") == subject


def test_the_user_of_the_body_meets_the_budget_of_a_user():
    each = ScopedBudget(Reach(Scope.USER), (Budget("u/daily", Period.DAILY, 1),))
    house = House(snapshot_of(budgets_of_all=(each,)))

    call = call_of(user="ann", budgets_of_all=(each,))
    assert [purse.account for purse in purses_of(call)] == ["u/daily in p for user ann"]
    run(house.call(chat(model="sandbox/echo", user="bob")))
    assert [claim.account.rpartition("@")[0] for claim in house.record.claims] == ["u/daily in p for user bob"]
