"""`onnx-classifier`: a rule over a model that the test makes."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from gatepost_gateway.detect import onnx
from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect, Phase, Ruling
from gatepost_gateway.pipeline.judge import through
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from tests.detect.test_onnx import FOR_EVER
from tests.detect.tiny_onnx import tiny
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import facts_of


def settings(folder: Path, spins: int = 0, **more: Any) -> dict[str, Any]:
    made = tiny(folder, spins=spins)
    return {
        "model": made.model,
        "tokenizer": made.tokenizer,
        "labels": list(made.labels),
        "flag": ["EVIL"],
        "seconds": 10.0,
        **more,
    }


def test_it_blocks_what_the_model_flags_and_records_how_sure_it_was(tmp_path: Path) -> None:
    ruling = judged(facts_of("please do evil"), "onnx-classifier", **settings(tmp_path))
    assert (ruling.effect, ruling.code) == (Effect.BLOCK, "classifier")
    (mark,) = ruling.decisions[0].marks
    assert (mark.kind, mark.threshold) == ("EVIL", 0.9)
    assert mark.score > 0.99
    ruling = judged(facts_of("please do something"), "onnx-classifier", **settings(tmp_path))
    assert ruling.effect is Effect.ALLOW
    assert ruling.decisions[0].marks[0].score < 0.01


def test_every_text_of_a_request_is_read_in_the_places_that_it_names(tmp_path: Path) -> None:
    body = {
        "model": "m",
        "messages": [
            {"role": "user", "content": "please"},
            {"role": "tool", "tool_call_id": "c", "content": '{"said": "do evil"}'},
        ],
    }
    assert judged(facts_of(body), "onnx-classifier", **settings(tmp_path)).effect is Effect.BLOCK
    only = settings(tmp_path, places=["user"])
    assert judged(facts_of(body), "onnx-classifier", **only).effect is Effect.ALLOW


@pytest.mark.parametrize(("on_failure", "effect"), [("block", Effect.BLOCK), ("allow", Effect.ALLOW)])
def test_what_becomes_of_a_call_that_gets_no_answer_is_the_operators(
    tmp_path: Path, on_failure: str, effect: Effect
) -> None:
    late = settings(tmp_path, FOR_EVER, seconds=0.2, on_failure=on_failure)
    ruling = judged(facts_of("please"), "onnx-classifier", **late)
    assert ruling.effect is effect
    (said,) = ruling.decisions
    if on_failure == "allow":
        assert (said.effect, said.not_run) == (None, "it gave no answer in time")
    else:
        assert (said.code, said.reason) == ("policy_error", "it gave no answer in time")


def engine(folder: Path, **more: Any) -> Engine:
    return Engine([load_rule(spec("onnx-classifier", **settings(folder, **more)), Toolbox()).rule], b"")


def test_the_loop_goes_on_while_a_call_waits(tmp_path: Path) -> None:
    async def scenario() -> Ruling:
        asked = asyncio.ensure_future(through(engine(tmp_path, spins=FOR_EVER, seconds=0.5).judging(facts_of("evil"))))
        await asyncio.sleep(0)
        assert not asked.done()
        return await asked

    assert asyncio.run(scenario()).effect is Effect.BLOCK


def test_a_caller_that_leaves_ends_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stops: list[onnx.Stop] = []

    class Noted(onnx.Stop):
        def __init__(self) -> None:
            super().__init__()
            stops.append(self)

    monkeypatch.setattr(onnx, "Stop", Noted)

    async def scenario() -> None:
        asked = asyncio.ensure_future(through(engine(tmp_path, spins=FOR_EVER).judging(facts_of("evil"))))
        while not stops:
            await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(scenario())
    assert [one.stopped for one in stops] == [True]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"model": "/nowhere.onnx"}, ("model",)),
        ({"flag": ["ODD"]}, ("flag", 0)),
        ({"flag": []}, ("flag",)),
        ({"labels": ["EVIL", "EVIL"]}, ("labels",)),
        ({"labels": ["EVIL"]}, ("labels",)),
        ({"action": "redact"}, ("action",)),
        ({"threshold": 2}, ("threshold",)),
        ({"seconds": 0}, ("seconds",)),
        ({"workers": 0}, ("workers",)),
        ({"max_tokens": 1}, ("max_tokens",)),
        ({"on_failure": "hope"}, ("on_failure",)),
        ({"url": "https://models.example"}, ("url",)),
    ],
)
def test_what_cannot_be_honoured_does_not_load(
    tmp_path: Path, change: dict[str, Any], path: tuple[object, ...]
) -> None:
    with pytest.raises(Unloadable) as caught:
        load_rule(spec("onnx-classifier", **{**settings(tmp_path), **change}), Toolbox())
    assert caught.value.path == path


def test_answers_are_not_its_business(tmp_path: Path) -> None:
    with pytest.raises(Unloadable, match="response gate"):
        load_rule(structs.replace(spec("onnx-classifier", **settings(tmp_path)), phases=(Phase.RESPONSE,)), Toolbox())
