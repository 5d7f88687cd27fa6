"""The uses of tools that a step recorded, opened for who may read its trace."""

import msgspec

from gatepost_gateway.control.story import StepView, ToolView
from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.ports import Vault
from gatepost_gateway.domain.records import TOOLS, Closed, Logged, ToolUse

_decode = msgspec.msgpack.Decoder(list[ToolUse]).decode


def with_tools(view: StepView, one: Closed | Logged, vault: Vault) -> StepView:
    """The step with what its tools were asked and what they answered, where that was recorded.

    What cannot be opened any more (its master key is gone) is left out with a warning.
    """
    if isinstance(one, Logged) or not one.tools:
        return view
    try:
        uses = _decode(vault.open_state(TOOLS, one.step_id, one.tools))
    except GatewayFault as fault:
        return msgspec.structs.replace(view, warnings=[*view.warnings, f"uses of tools cannot be read: {fault}"])
    return msgspec.structs.replace(view, tools=[_view(use) for use in uses])


def _view(use: ToolUse) -> ToolView:
    status = "error" if use.failed else "success"
    return ToolView(use.part.value, use.call_id, use.name, use.text, not use.whole, status)
