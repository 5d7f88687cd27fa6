"""A classifier of one's own: what it says of texts, when it is late, and when it cannot be used."""

import gc
import threading
from concurrent.futures import wait
from importlib.util import find_spec

import pytest

from gatepost_gateway.detect import onnx
from gatepost_gateway.detect.onnx import Classifier, Model, ModelError, OnnxDetector, opened
from gatepost_gateway.domain.findings import Failed, Finding, SlowDetector, find_all, find_whole
from tests.detect.tiny_onnx import tiny

FOR_EVER = 2**60


def detector(model, seconds=30.0):
    return OnnxDetector(Classifier(model), seconds)


def test_texts_are_judged_together_and_each_gets_its_finding(tmp_path):
    said = find_whole(detector(tiny(tmp_path)), ["please do evil", "", "please do something", "EVIL"])
    assert [[one.kind for one in findings] for findings in said] == [["EVIL"], [], ["EVIL"], ["EVIL"]]
    scores = [findings[0].score for findings in said if findings]
    assert scores[0] == scores[2] > 0.99 > 0.01 > scores[1]
    assert said[0] == (Finding(0, 14, "EVIL", "onnx", scores[0]),)


def test_one_output_is_the_odds_of_its_label(tmp_path):
    said = find_whole(detector(tiny(tmp_path, outputs=1)), ["evil", "please"])
    assert [round(findings[0].score) for findings in said] == [1, 0]


@pytest.mark.parametrize("place", [0, 40, onnx.PIECE, 3 * onnx.PIECE])
def test_a_long_text_is_read_to_its_end(tmp_path, place):
    filler = "please do something " * (3 * onnx.PIECE // 20)
    place = place and place // 20 * 20
    text = f"{filler[:place]}evil {filler[place:]}"
    assert find_all(detector(tiny(tmp_path)), text)[0].score > 0.99
    assert find_all(detector(tiny(tmp_path)), filler)[0].score < 0.01


def test_it_is_a_slow_detector_and_finds_nothing_before_the_end(tmp_path):
    made = detector(tiny(tmp_path))
    assert isinstance(made, SlowDetector)
    scan = made.begin()
    assert scan.feed("evil", 0, ended=False) == ()
    assert scan.settled == 0
    assert scan.feed("evil", 0, ended=True)
    assert scan.settled == 4


def test_who_waits_too_long_is_told_and_the_work_ends(tmp_path):
    made = detector(tiny(tmp_path, spins=FOR_EVER), seconds=0.2)
    waiting = made.ask(["evil"])
    wait((waiting.found,), waiting.left())
    with pytest.raises(Failed, match="in time"):
        waiting.findings()
    waiting.leave()
    assert wait((waiting.found,), 30).done


def test_no_more_wait_than_there_is_room_for(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx, "MOST_WAITING", 1)
    made = detector(tiny(tmp_path, spins=FOR_EVER))
    asked = [made.ask(["evil"]) for _ in range(3)]
    with pytest.raises(Failed, match="too many"):
        asked[2].findings()
    for one in asked:
        one.leave()
    assert not wait([one.found for one in asked], 30).not_done


def test_odds_that_are_no_number_are_a_failure(tmp_path):
    with pytest.raises(Failed, match="ArithmeticError"):
        find_whole(detector(tiny(tmp_path, base=float("nan"))), ["please"])


def test_what_fails_inside_says_so_and_shows_no_text(tmp_path, monkeypatch):
    made = detector(tiny(tmp_path))
    monkeypatch.setattr(Classifier, "_scores", lambda *_: 1 / 0)
    with pytest.raises(Failed) as failed:
        find_whole(made, ["evil secret"])
    assert str(failed.value) == "the classifier failed (ZeroDivisionError)"


@pytest.mark.parametrize(
    ("change", "about", "words"),
    [
        ({"model": "/nowhere/model.onnx"}, "model", "no such file"),
        ({"tokenizer": "/nowhere/tokenizer.json"}, "tokenizer", "no such file"),
        ({"tokenizer": __file__}, "tokenizer", "no tokenizer.json"),
        ({"model": __file__}, "model", "no model that can be run"),
        ({"labels": ("A", "EVIL", "C")}, "labels", "2 outputs, and 3 labels"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_with_the_setting_that_is_to_blame(tmp_path, change, about, words):
    good = tiny(tmp_path)
    fields = {name: getattr(good, name) for name in Model.__struct_fields__}
    with pytest.raises(ModelError, match=words) as refused:
        opened(Model(**{**fields, **change}))
    assert refused.value.about == about


def test_a_model_of_another_sort_is_refused(tmp_path):
    with pytest.raises(ModelError, match="pixel_values"):
        opened(tiny(tmp_path, extra_input="pixel_values"))


def test_without_the_extra_the_way_to_get_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx, "find_spec", lambda name: None if name == "tokenizers" else find_spec(name))
    with pytest.raises(ModelError, match=r"`tokenizers` is not installed: pip install 'gatepost-gateway\[onnx\]'"):
        opened(tiny(tmp_path))


def test_one_copy_is_open_as_long_as_it_is_held_and_its_threads_end_with_it(tmp_path):
    model = tiny(tmp_path)
    one = opened(model)
    assert opened(model) is one
    find_whole(OnnxDetector(one, 30), ["evil"])
    before = {thread for thread in threading.enumerate() if thread.name.startswith("onnx")}
    assert before
    del one
    gc.collect()
    for thread in before:
        thread.join(30)
    assert not any(thread.is_alive() for thread in before)
