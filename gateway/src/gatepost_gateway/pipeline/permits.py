"""What an attempt tells its endpoint's breaker: which failures are the endpoint's own, and how each attempt ended."""

import math

from gatepost_gateway.domain.errors import Code, GatewayError, NextStep, UpstreamError
from gatepost_gateway.pipeline.call import Call, Target

_ENDPOINTS_FAULT = frozenset(
    {
        Code.UPSTREAM_UNREACHABLE,
        Code.UPSTREAM_TIMEOUT,
        Code.UPSTREAM_FAILED,
        Code.UPSTREAM_TRUNCATED,
        Code.UPSTREAM_GARBAGE,
    }
)


def over(call: Call, error: GatewayError | None = None, *, left: bool = False) -> None:
    """Says how the attempt in hand ended, where its endpoint's breaker wants to know. `left`: nobody waited for it."""
    permit, call.permit = call.permit, None
    if permit is None:
        return
    if left or (error is not None and not endpoints_fault(error)):
        permit.release()
    elif error is not None:
        permit.failed(error.retry_after)
    else:
        permit.succeeded()


def endpoints_fault(error: GatewayError) -> bool:
    """Whether a failure says that the endpoint is not well. What a caller did wrong, a credential that is refused and a
    rate that is used up say nothing of the kind: they would shut out callers that have done nothing.
    """
    if not isinstance(error, UpstreamError) or error.code not in _ENDPOINTS_FAULT:
        return False
    status = error.upstream_status
    return status is None or status < 300 or status == 408 or status >= 500


def circuit_open(target: Target, wait: float) -> UpstreamError:
    provider = target.entry.provider.value
    return UpstreamError(
        f"{provider} has failed too often and is left alone: `{target.entry.id}` may be asked in {math.ceil(wait)} s",
        code=Code.UPSTREAM_CIRCUIT_OPEN,
        status=503,
        next_step=NextStep.TRY_NEXT,
        provider=provider,
        retry_after=wait,
        sent=False,
    )
