"""What another gateway makes of the same input: its choices and ours mean the same, where both carry everything."""

import msgspec

from gatepost_gateway.dialects import registry, translation
from gatepost_gateway.dialects.registry import CALLERS
from gatepost_gateway.dialects.sides import Shape
from gatepost_gateway.domain.chat import DialectName

from ..recordings import need
from .kit import asked_in
from .test_translation import one_meaning, safe, said

OPENAI, ANTHROPIC = DialectName.OPENAI_CHAT, DialectName.ANTHROPIC_MESSAGES
SIDES = {OPENAI: registry.OPENAI_CHAT, ANTHROPIC: registry.ANTHROPIC_MESSAGES}
FORMATS = {"completions": OPENAI, "openai": OPENAI, "messages": ANTHROPIC, "anthropic": ANTHROPIC}
PAIRS = "translation-pairs/agentgateway.jsonl"


def pairs(direction):
    for row in need(PAIRS):
        source, target = row["input_format"], row["target"].rpartition("-")[2]
        apart = FORMATS.get(source) is not FORMATS.get(target)
        if row["direction"] == direction and source in FORMATS and target in FORMATS and apart:
            yield row, FORMATS[source], FORMATS[target]


def test_requests():
    seen = 0
    for row, source, target in pairs("request"):
        theirs = row["output"].get("request")
        asked = asked_in(source, row["input"])
        ours, _ = translation.write_request(asked, SIDES[target], Shape(model=theirs["model"], max_output=4096))
        read = CALLERS[target].read_request
        mine, other = read(asked_in(target, msgspec.json.decode(ours))), read(asked_in(target, theirs))
        assert said(mine)[:4] == said(other)[:4], row["id"]
        seen += 1
    assert seen >= 7


def test_answers():
    seen = 0
    for row, source, target in pairs("response"):
        # That one puts a text where the format has an object.
        cut = row["case"] == "truncated_tool_call"
        if (
            cut
            or row["case"].endswith("streaming")
            or not isinstance(row["input"], dict)
            or "response" not in row["output"]
        ):
            continue
        ours, _ = translation.read_answer(asked_in(target), SIDES[source], msgspec.json.encode(row["input"]))
        theirs = SIDES[target].read_reply(msgspec.json.encode(row["output"]["response"]))
        mine = SIDES[target].read_reply(ours)
        # Seals are carried here, and are not there.
        assert safe(one_meaning(mine) | {"seals": []}) == safe(one_meaning(theirs) | {"seals": []}), row["id"]
        seen += 1
    assert seen >= 3
