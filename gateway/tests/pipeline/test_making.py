import asyncio
import json
from typing import Any

import pytest

from gatepost_gateway.domain.errors import CallerError, Code, UpstreamError
from gatepost_gateway.domain.governance import Principal
from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.pipeline.call import Presented
from gatepost_gateway.pipeline.executions import inbound_of
from gatepost_gateway.pipeline.identify import identify
from gatepost_gateway.pipeline.making import EmbeddingWanted, ImageWanted, Made, Making
from gatepost_gateway.pipeline.traces import Traces

from .fakes import KEY, Answer, House, NoArchive, ScriptedTransport, entry, snapshot_of

VECTORS = {"data": [{"index": 0, "embedding": [0.5, 1]}], "model": "x", "usage": {"prompt_tokens": 4}}
PICTURES = {"created": 1, "data": [{"url": "http://x", "revised_prompt": "a cat"}]}


class Talk:
    """One open trace, and what is asked on it."""

    def __init__(self, *said: Any) -> None:
        answers = [Answer(200, [json.dumps(one).encode()]) for one in said]
        model = entry(prices=Prices(1_000_000, 0, image=7))
        self.house = House(snapshot_of(model), ScriptedTransport(*answers))
        self.traces = Traces(self.house.recorder, NoArchive(), self.house.clock)
        self.making = Making(self.house.exchange, self.traces)
        self.shown = Presented(Secret(KEY))

    async def run(self, shape: Any, **said: Any) -> Made:
        snapshot = self.house.snapshot
        principal: Principal = identify(snapshot, self.shown, self.house.clock.micros(), b"salt")
        trace_id, _ = await self.traces.create(principal, {}, None)
        wanted = shape(**{"trace_id": trace_id, "model": "m", **said})
        run = self.making.vectors if shape is EmbeddingWanted else self.making.pictures
        try:
            return await run(wanted, snapshot.projects["p"], inbound_of("native", {}, "r", self.shown))
        finally:
            state = await self.traces.find(trace_id, "p")
            assert state.running == 0


def ask(talk: Talk, shape: Any, **said: Any) -> Made:
    return asyncio.run(talk.run(shape, **said))


def test_vectors_are_a_step_of_the_trace() -> None:
    talk = Talk(VECTORS)
    made = ask(talk, EmbeddingWanted, input=["hi"], dimensions=2)
    assert [json.loads(bytes(one)) for one in made.things] == [[0.5, 1]]
    assert (made.record.implicit, made.record.operation, made.record.cost) == (False, "embeddings", 4)
    assert json.loads(talk.house.transport.asked[0].body) == {"model": "m", "input": ["hi"], "dimensions": 2}


def test_pictures_are_a_step_of_the_trace() -> None:
    talk = Talk(PICTURES)
    made = ask(talk, ImageWanted, prompt="a cat", n=1, size="512x512")
    assert made.things == PICTURES["data"]
    assert (made.record.operation, made.record.cost, made.record.usage.images) == ("images", 7, 1)
    assert json.loads(talk.house.transport.asked[0].body) == {
        "model": "m", "prompt": "a cat", "n": 1, "size": "512x512",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (EmbeddingWanted, {"input": []}),
        (EmbeddingWanted, {"input": ""}),
        (EmbeddingWanted, {"input": ["a", ""]}),
        (EmbeddingWanted, {"input": ["a"] * 2049}),
        (EmbeddingWanted, {"input": "a", "dimensions": 0}),
        (EmbeddingWanted, {"input": "a", "model": ""}),
        (EmbeddingWanted, {"input": "a", "parent_step_id": "x"}),
        (ImageWanted, {"prompt": ""}),
        (ImageWanted, {"prompt": "x", "n": 99}),
    ],
)
def test_bad_input_is_a_422(shape: Any, said: Any) -> None:
    talk = Talk()
    with pytest.raises(CallerError) as refused:
        ask(talk, shape, **said)
    assert (refused.value.status, refused.value.code) == (422, Code.VALIDATION_FAILED)
    assert talk.house.transport.asked == []


def test_vectors_in_an_encoding_of_the_servers_own_are_said_to_be_none() -> None:
    with pytest.raises(UpstreamError, match="not a list of numbers"):
        ask(Talk({"data": [{"embedding": "AAAA"}]}), EmbeddingWanted, input="a")
    with pytest.raises(UpstreamError, match="not what was asked for"):
        ask(Talk({"data": ["x"]}), ImageWanted, prompt="a")
