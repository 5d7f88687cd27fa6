import msgspec

from gatepost_gateway.control.story import StepView, ToolView, step
from gatepost_gateway.control.tools import with_tools
from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.records import TOOLS, Closed, Logged, ToolPart, ToolUse

from ..pipeline.fakes import PlainVault

USES = [
    ToolUse(ToolPart.CALL, "c1", "look", '{"a":1}'),
    ToolUse(ToolPart.RESULT, "c1", "look", "broken", whole=False, failed=True),
]


def recorded() -> Closed:
    box = PlainVault().seal_state(TOOLS, "s", msgspec.msgpack.encode(USES))
    return Closed(step_id="s", trace_id="t", at=1, surface="openai", tools=box)


def test_what_was_recorded_is_shown() -> None:
    one = recorded()
    assert with_tools(step(one), one, PlainVault()).tools == [
        ToolView("tool_call", "c1", "look", '{"a":1}', False, "success"),
        ToolView("tool_result", "c1", "look", "broken", True, "error"),
    ]


def test_a_step_without_tools_is_shown_as_it_is() -> None:
    bare, event = Closed(step_id="s", trace_id="t", at=1, surface="openai"), Logged("s", "t", 1, "o", "p", "k", "x")
    for one in (bare, event):
        view: StepView = step(one)
        assert with_tools(view, one, PlainVault()) is view


class Locked(PlainVault):
    def open_state(self, kind: str, id: str, box: bytes) -> bytes:
        raise GatewayFault("the master key is not here")


def test_what_cannot_be_opened_is_said() -> None:
    one = recorded()
    shown = with_tools(step(one), one, Locked())
    assert shown.tools == []
    assert "the master key is not here" in shown.warnings[0]
