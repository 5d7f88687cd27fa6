"""What governed calls give back, beyond the models of the contract."""

from typing import Any, Optional

from pydantic import Field

from .wire.executions import Execution
from .wire.shape import JsonObject


class ExecuteResult(Execution):
    """What `execute` came to.

    `output` is the model's text, None where the call was blocked (then `reason` says why) or tools are pending.
    """

    bypass: bool = False
    """True where the gateway was away and the fallback provider answered: not governed, not recorded."""
    mock: bool = False
    """True where no gateway was asked, because the client is a mock."""
    offline: bool = False
    """True where no gateway was asked, because the client works offline."""
    request_id: Optional[str] = None
    """The gateway's id of the request."""
    raw: JsonObject = Field(default={}, repr=False)
    """The answer's body as it came."""

    @property
    def blocked(self) -> bool:
        """True where policy blocked the call."""
        return self.status == "blocked" or (self.output is None and self.reason is not None)

    @property
    def tool_calls_pending(self) -> bool:
        """True where the model waits for the results of `tool_calls`."""
        return self.status == "tool_calls_pending"

    @property
    def approvals_pending(self) -> bool:
        """True where calls of tool servers wait for an approval (`approvals`), alone or beside `tool_calls`."""
        return bool(self.approvals)

    @classmethod
    def from_answer(cls, body: JsonObject, *, request_id: Optional[str], bypass: bool = False) -> "ExecuteResult":
        """The result for the body of an answer."""
        facts: dict[str, Any] = {**body, "raw": body, "request_id": request_id, "bypass": bypass}
        return cls.model_validate(facts)
