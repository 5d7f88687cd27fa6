"""What was said in a step, masked, for who may read its trace."""

import msgspec

from gatepost_gateway.control.story import StepView
from gatepost_gateway.domain.records import Stored


def with_bodies(view: StepView, said: Stored | None) -> StepView:
    """The step with its request and its answer, where they are kept, or why they are not."""
    if said is None:
        return view
    missing = (("request", said.no_request), ("answer", said.no_answer))
    return msgspec.structs.replace(
        view,
        request=msgspec.json.decode(said.request) if said.request else None,
        answer=msgspec.json.decode(said.answer) if said.answer else None,
        body_notes=[f"{side}: {why}" for side, why in missing if why is not None],
    )
