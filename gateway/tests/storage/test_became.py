from gatepost_gateway.domain.governance import Became
from gatepost_gateway.storage.became import became, made_at
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.recover import correction, interrupted

from .making import NOW, at_time, closed, opened, write


def test_what_became_of_calls_is_found_by_their_ids(tmp_path):
    running, died = opened(at_time(NOW)), opened(at_time(NOW))
    alone, among = closed(at_time(NOW)), closed(at_time(NOW), implicit=False, project="other", settled=5)
    write(tmp_path / "journal", [running, died, alone, among, interrupted(died, NOW + 5)])
    with Records(tmp_path / "records.db") as records:
        Folder(tmp_path / "journal", records).fold_to_end()
        never = at_time(NOW)
        asked = [running.step_id, died.step_id, alone.step_id, among.step_id, never, "no id at all"]
        assert became(records, asked) == {
            running.step_id: Became(running.held, presumed=True),
            died.step_id: Became(died.held, presumed=True),
            alone.step_id: Became(alone.settled, presumed=False),
            among.step_id: Became(5, presumed=False),
        }


def test_an_id_says_when_it_was_made():
    assert made_at(at_time(NOW)) == NOW // 1000 * 1000
    assert made_at("what") == 0


def test_a_correction_is_what_a_start_says(tmp_path):
    died = interrupted(opened(at_time(NOW)), NOW + 5)
    first = correction(died, died.held, 70, "corrected")
    write(tmp_path / "journal", [died, first, correction(died, 70, 30, "corrected again")])
    with Records(tmp_path / "records.db") as records:
        Folder(tmp_path / "journal", records).fold_to_end()
        assert became(records, [died.step_id]) == {died.step_id: Became(30, presumed=True)}
        (account, *_) = (claim.account for claim in died.claims)
        assert records.settled([account]) == {account: 30}
        assert records.trace(died.trace_id).row.cost == 30
