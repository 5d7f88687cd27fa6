"""What a rule cannot honour is refused at load, with its place and the reason."""

from typing import Any

import pytest

from gatepost_gateway.domain.chain import RuleSpec, Streaming, Unloadable
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.governance import Phase
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule


def refused(kind: str, settings: dict[str, Any], **said: Any) -> tuple[tuple[object, ...], str, bool]:
    with pytest.raises(Unloadable) as caught:
        load_rule(RuleSpec(name="r", kind=kind, settings=settings, **said), Toolbox())
    return caught.value.path, caught.value.message, caught.value.about_key


TERMS = {"terms": ["a"]}


@pytest.mark.parametrize(
    ("settings", "path", "words"),
    [
        ({"terms": ["a"], "macth": "x"}, ("macth",), "unknown key `macth`: did you mean `match`?"),
        ({}, (), "`terms` is missing"),
        ({"terms": "a"}, ("terms",), "`terms` must be a list"),
        ({"terms": [5]}, ("terms", 0), "`terms` must be text"),
        ({"terms": ["a"], "match": "near"}, ("match",), "one of `substring`, `whole_word`"),
        ({"terms": ["a"], "places": ["attic"]}, ("places", 0), "`tool_result`"),
    ],
)
def test_a_mistake_in_the_settings(settings: dict[str, Any], path: tuple[object, ...], words: str) -> None:
    where, message, about_key = refused("keyword", settings)
    assert where == path
    assert words in message
    assert about_key == message.startswith("unknown")


def test_an_unknown_kind() -> None:
    assert refused("keywrd", TERMS)[:2] == (("kind",), "kind `keywrd` is not known: did you mean `keyword`?")


def test_a_gate_that_the_kind_cannot_stand_at() -> None:
    path, message, _ = refused("model-allowlist", {"models": ["*"]}, phases=(Phase.RESPONSE,))
    assert path == ("phases", 0)
    assert "only at `request`" in message


@pytest.mark.parametrize(
    ("kind", "settings", "operation", "words"),
    [
        ("agent-firewall", {"blocked_tools": ["x"]}, "embeddings", "nothing to look at in `embeddings`"),
        ("keyword", TERMS, "embedings", "did you mean `embeddings`?"),
    ],
)
def test_an_operation_that_it_cannot_judge(kind: str, settings: dict[str, Any], operation: str, words: str) -> None:
    path, message, _ = refused(kind, settings, operations=("chat", operation))
    assert path == ("operations", 1)
    assert words in message


def test_an_answer_that_it_cannot_judge() -> None:
    path, _, _ = refused("keyword", TERMS, operations=("embeddings",), phases=(Phase.RESPONSE,))
    assert path == ("operations", 0)


def test_a_stream_that_it_cannot_judge_while_it_comes() -> None:
    path, message, _ = refused("pattern", {"patterns": ["a+"]}, streaming_mode=Streaming.REALTIME)
    assert path == ("streaming_mode",)
    assert "whole answer" in message
    spec = RuleSpec(name="r", kind="pattern", settings={"patterns": ["a+"]}, phases=(Phase.REQUEST,),
                    streaming_mode=Streaming.REALTIME)  # fmt: skip
    assert load_rule(spec, Toolbox()).rule.phases == {Phase.REQUEST}


def test_where_it_then_judges() -> None:
    spec = RuleSpec(name="r", kind="keyword", settings=TERMS, operations=("chat",))
    assert load_rule(spec, Toolbox()).operations == {
        Phase.REQUEST: {Operation.CHAT},
        Phase.RESPONSE: {Operation.CHAT},
    }
