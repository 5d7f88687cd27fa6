"""Vectors and pictures, through both shells, against the fake gateway."""

from decimal import Decimal

import pytest

import gatepost


def test_vectors_of_several_texts(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create(metadata={"intent": "embedding"}))
    found = shell.run(client.embeddings.create(trace_id=trace.id, input=["a b", "c"], model="m", dimensions=4))
    assert [len(vector) for vector in found.embeddings] == [4, 4]
    assert (found.usage_tokens, found.model, found.trace_id) == (3, "m", trace.id)
    assert (found.usage.input, found.cost, found.blocked) == (3, Decimal("0.000012"), False)
    assert gateway.seen[-1].body == {"trace_id": trace.id, "input": ["a b", "c"], "model": "m", "dimensions": 4}
    shown = shell.run(client.traces.get(trace.id))
    assert [step.id for step in shown.steps] == [found.step_id]


def test_a_vector_of_one_text(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create())
    assert len(shell.run(client.embeddings.create(trace.id, "hi", model="m")).embeddings) == 1
    assert gateway.seen[-1].body["input"] == "hi"


def test_pictures(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create())
    drawn = shell.run(client.images.generate(trace.id, prompt="a cat", model="m", n=2, size="512x512"))
    assert [image.b64_json for image in drawn.images] == ["iVBORw0KGgo="] * 2
    assert drawn.images[0].url is None
    assert drawn.usage.images == 2
    assert "iVBORw0KGgo" not in repr(drawn)
    body = {"trace_id": trace.id, "prompt": "a cat", "model": "m", "n": 2, "size": "512x512"}
    assert gateway.seen[-1].body == body


@pytest.mark.parametrize("bad", [[], "", [1], 5, {"text": "x"}])
def test_bad_input_is_a_validation_error(shell, gateway, bad):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create())
    with pytest.raises(gatepost.ValidationError) as refused:
        shell.run(client.embeddings.create(trace.id, bad, model="m"))
    assert refused.value.status == 422
    with pytest.raises(gatepost.ValidationError):
        shell.run(client.images.generate(trace.id, prompt="x", model="m", n=0))


def test_they_are_steps_of_an_open_trace_and_never_sent_twice(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create())
    gateway.fails(504, times=3)
    with pytest.raises(gatepost.ServerError):
        shell.run(client.embeddings.create(trace.id, "x", model="m"))
    shell.run(client.traces.complete(trace.id))
    with pytest.raises(gatepost.ConflictError):
        shell.run(client.embeddings.create(trace.id, "x", model="m"))


def test_a_client_with_other_options_has_them_too(shell, gateway):
    client = shell.of(gateway).with_options(retries=0)
    trace = shell.run(client.traces.create())
    assert shell.run(client.embeddings.create(trace.id, "x", model="m")).model == "m"
    assert shell.run(client.images.generate(trace.id, prompt="x", model="m")).model == "m"
