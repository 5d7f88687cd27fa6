import pytest

from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.openai_models import read_breakpoint, shared_of, version, write_breakpoint, write_effort
from gatepost_gateway.domain.conversation import Cache, Losses, Thinking


@pytest.mark.parametrize(
    ("name", "number"),
    [("gpt-5.6-mini", (5, 6)), ("openai/gpt-5", (5, 0)), ("gpt-4o", (4, 0)), ("gpt-4.1", (4, 1)), ("m", (0, 0))],
)
def test_a_version_is_in_the_name(name, number):
    assert version(name) == number


def test_what_both_formats_have_is_taken_as_it_came():
    body = {"model": "m", "verbosity": "low", "service_tier": None, "prompt_cache_key": "k", "seed": 1}
    assert shared_of(body) == {"verbosity": "low", "prompt_cache_key": "k"}


@pytest.mark.parametrize(
    ("wanted", "model", "said", "lost"),
    [
        (Thinking(effort="low"), "gpt-5", "low", ()),
        (Thinking(effort="none"), "gpt-5.1", "none", ()),
        (Thinking(on=False), "gpt-5.1", "none", ()),
        (Thinking(on=False), "gpt-5", None, ("thinking",)),
        (Thinking(on=False, effort="none"), "m", None, ("thinking",)),
        (Thinking(on=True), "gpt-5", None, ()),
        (Thinking(effort="max"), "m", "max", ()),
        (Thinking(effort="max"), "gpt-5.6", "max", ()),
        (Thinking(effort="max"), "gpt-5.5", "high", ("reasoning_effort",)),
        (Thinking(effort="xhigh"), "o3", "high", ("reasoning_effort",)),
        (Thinking(effort="colossal"), "gpt-5.6", "high", ("reasoning_effort",)),
        (Thinking(budget=4000, extra={"odd": 1}), "gpt-5.6", "medium", ("thinking.odd", "thinking.budget_tokens")),
    ],
)
def test_how_hard_it_thinks(wanted, model, said, lost):
    losses = Losses()
    assert (write_effort(wanted, model, losses, thinks=True), losses.names) == (said, lost)


def test_what_does_not_think_is_told_nothing():
    losses = Losses()
    assert write_effort(Thinking(on=False), "gpt-4o", losses, thinks=False) is None
    assert losses.names == ()
    assert write_effort(Thinking(effort="low"), "gpt-4o", losses, thinks=False) is None
    assert losses.names == ("thinking",)


def test_a_mark_of_what_to_keep_there_and_back():
    losses = Losses()
    for cache in (Cache(), Cache("1h")):
        assert read_breakpoint(write_breakpoint(cache, "gpt-5.6", losses)) == cache
    assert write_breakpoint(Cache("5m"), "gpt-6", losses) == {"prompt_cache_breakpoint": {"mode": "explicit"}}
    assert (write_breakpoint(None, "gpt-4o", losses), read_breakpoint({}), losses.names) == ({}, None, ())
    assert (write_breakpoint(Cache(), "gpt-5.5", losses), losses.names) == ({}, ("cache_control",))
    with pytest.raises(Malformed, match="prompt_cache_breakpoint"):
        read_breakpoint({"prompt_cache_breakpoint": "yes"})
