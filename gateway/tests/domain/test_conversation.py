import msgspec

from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.conversation import (
    Conversation,
    Losses,
    Message,
    Opaque,
    OutputFormat,
    Role,
    Text,
    ToolResult,
)


def test_losses_keep_their_order_and_are_named_once():
    losses = Losses()
    assert losses.names == ()
    losses.add("top_k", "seed")
    losses.add("top_k")
    losses.add()
    assert losses.names == ("top_k", "seed")


def test_what_was_not_said_is_none_and_two_conversations_share_nothing():
    one, two = Conversation(messages=[]), Conversation(messages=[])
    one.tools.append(Opaque(dialect=DialectName.OPENAI_CHAT, kind="x", value=1))
    one.extra["a"] = 1
    assert (two.tools, two.extra) == ([], {})
    said = msgspec.structs.asdict(two)
    assert {name for name, value in said.items() if value is not None} == {"messages", "tools", "extra", "shared"}


def test_a_part_says_nothing_beside_itself_unless_told():
    part = ToolResult(call_id="c", parts=[Text(text="x")])
    assert (part.cache, part.signature, part.sealed_by, part.extra, part.failed) == (None, None, None, None, False)
    assert Message(Role.TOOL, [part]).name is None


def test_a_description_finds_its_place_in_the_schema_where_that_has_none():
    losses = Losses()
    assert OutputFormat(schema={"type": "object"}).described(losses) == {"type": "object"}
    assert OutputFormat(schema={"type": "object"}, description="d").described(losses) == {
        "type": "object",
        "description": "d",
    }
    assert OutputFormat(schema={"description": "d"}, description="d").described(losses) == {"description": "d"}
    assert losses.names == ()
    both = OutputFormat(schema={"description": "e"}, description="d").described(losses)
    assert (both, losses.names) == ({"description": "d\n\ne"}, ())
    assert OutputFormat(schema={"description": 1}, description="d").described(losses) == {"description": 1}
    assert OutputFormat(schema=True, description="d").described(losses) is True
    assert losses.names == ("response_format.description",)


def test_what_a_family_shares_is_lost_to_others():
    said = Conversation(messages=[], extra={"a": 1}, shared={"b": 2})
    assert said.lost() == ("b", "a")
