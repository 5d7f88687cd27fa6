from .commands import gatepost


def test_a_second_worker_is_refused_with_the_reason(tmp_path):
    ended = gatepost(tmp_path, "serve", "--workers", "2")
    assert ended.code == 2
    assert "more than one worker needs PostgreSQL" in ended.err


def test_a_wrong_file_stops_the_start_with_its_place(tmp_path):
    (tmp_path / "gatepost.yaml").write_text("modles: []\n")
    ended = gatepost(tmp_path, "serve")
    assert ended.code == 1
    assert "gatepost.yaml:1:1" in ended.err
    assert "`models`" in ended.err
