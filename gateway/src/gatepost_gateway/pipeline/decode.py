"""Stage 3: the wire body becomes what is asked. The caller's own bytes are kept."""

from gatepost_gateway.dialects.envelope import check_model
from gatepost_gateway.dialects.registry import CALLERS, WHOLE_CALLERS
from gatepost_gateway.domain.chat import Asked
from gatepost_gateway.pipeline.call import Inbound


def decode(inbound: Inbound) -> Asked:
    """Raises CallerError that names what is wrong with the body."""
    side = CALLERS.get(inbound.dialect) or WHOLE_CALLERS[inbound.dialect]
    asked = side.read_asked(inbound.body)
    if inbound.model is not None:
        check_model(inbound.model)
        asked.model, asked.stream = inbound.model, inbound.stream
    asked.operation = inbound.operation
    return asked
