from gatepost_gateway.domain.records import Outcome
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.recover import interrupted, recover

from .making import DAILY, NOW, at_time, closed, opened, write


def test_a_start_knows_what_was_before(tmp_path):
    begun = opened()
    ended = closed(at_time(NOW), session_id="s", turn=2)
    write(tmp_path / "journal", [begun, ended])
    with Records(tmp_path / "records.db") as records:
        found = recover(Folder(tmp_path / "journal", records), records, NOW)
        assert found.settled[DAILY.account] == 700
        assert found.open_holds == (begun,)
        assert [(one.id, one.turn) for one in found.sessions] == [("s", 2)]
        assert found.folded == 1


def test_an_interrupted_call_settles_at_its_hold():
    begun = opened(proxy="bot", turn=4, session_id="s", user="u", parent_step_id="p", implicit=False)
    ended = interrupted(begun, NOW)
    assert (ended.outcome, ended.estimated, ended.usage.exact) == (Outcome.INTERRUPTED, True, False)
    assert (ended.cost, ended.settled, ended.held, ended.claims) == (100_000, 100_000, 100_000, begun.claims)
    shared = set(begun.__struct_fields__) - {"model"}
    assert {name: getattr(ended, name) for name in shared} == {name: getattr(begun, name) for name in shared}
    assert "the gateway stopped" in ended.message
    assert interrupted(begun, NOW) == ended


def test_without_a_hold_nobody_knows_the_cost():
    ended = interrupted(opened(claims=(), held=0, model=""), NOW)
    assert (ended.cost, ended.settled, ended.model_asked) == (None, 0, None)
