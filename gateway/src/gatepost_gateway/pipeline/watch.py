"""Stage 9, the response gate: every batch passes here before it goes out.

Without rules it passes what it gets, and holds the provider to the output that the hold pays for: more is cut off.
"""

from gatepost_gateway.domain.errors import Code, NextStep, UpstreamError
from gatepost_gateway.pipeline.call import Call

BYTES_PER_TOKEN = 64
"""No tokenizer makes prose of more bytes than this from one token: a bound that never cuts falsely."""


def watch(call: Call, batch: bytes) -> bytes:
    """The part of a batch that may go out. Raises UpstreamError (output_cap_reached) when the hold is used up."""
    cap, reader = call.cap, call.reader
    if cap is not None and reader is not None:
        floor = max(reader.tokens, reader.summary.text_bytes // BYTES_PER_TOKEN)
        if floor > cap:
            provider = call.target.entry.provider.value if call.target else ""
            raise UpstreamError(
                f"the answer passed {cap} output tokens, which is all that was set aside for it; it is cut here",
                code=Code.OUTPUT_CAPPED,
                status=502,
                next_step=NextStep.GIVE_UP,
                provider=provider,
            )
    return batch
