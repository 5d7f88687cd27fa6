from gatepost_gateway.domain.escalation import TURNS, WAITING, State


def test_only_what_waits_can_be_decided():
    assert TURNS[State.APPROVED] == TURNS[State.DENIED] == WAITING
    assert TURNS[State.CLAIMED] == {State.QUEUED}


def test_what_is_resolved_stays_so():
    assert all(State.RESOLVED not in before for before in TURNS.values())
