"""What can go wrong, as types.

GatewayError
├── CallerError          the caller said something that cannot be served (400, 404, 409, 413, 415, 422, 431)
├── Unauthenticated      no valid key (401)
├── Forbidden            a valid key, but not for this (403)
├── Refused              policy says no (the surface chooses the status)
├── LimitExceeded        money or limits say no (402, 429)
├── UpstreamError        the provider failed, or could not be reached (502, 503, 504 and the provider's own 4xx)
├── ToolServerError      a tool server that the caller named failed, or may not be reached (422, 502, 503, 504)
└── GatewayFault         our own failure (500, 503)

`public` may be shown to the caller; the cause chain may not. Creating an error logs nothing: the edge does, once.
"""

from enum import StrEnum

from msgspec import Struct

from gatepost_gateway.domain.chat import DialectName


class Code(StrEnum):
    """Every code that a caller can meet. Documented one by one in docs/errors.md; never renamed."""

    INVALID_REQUEST = "invalid_request"
    INVALID_JSON = "invalid_json"
    TOO_DEEP = "json_too_deep"
    BODY_TOO_LARGE = "body_too_large"
    HEADERS_TOO_LARGE = "headers_too_large"
    REQUEST_TIMEOUT = "request_timeout"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    MODEL_NOT_FOUND = "model_not_found"
    TIER_NOT_FOUND = "tier_not_found"
    TIER_NOT_CONFIGURED = "tier_not_configured"
    MODEL_NOT_ALLOWED = "model_not_allowed"
    UNSUPPORTED_OPERATION = "unsupported_operation"
    NOT_TRANSLATABLE = "not_translatable"
    PATH_NOT_ALLOWED = "path_not_allowed"
    SIGNUP_CLOSED = "signup_closed"
    TRACE_NOT_FOUND = "trace_not_found"
    TRACE_SEALED = "trace_sealed"
    TRACE_BUSY = "trace_busy"
    PREVIOUS_RESPONSE_NOT_FOUND = "previous_response_not_found"
    STEP_NOT_FOUND = "step_not_found"
    CONFLICT = "conflict"
    VALIDATION_FAILED = "validation_failed"
    MANAGED_BY_FILE = "managed_by_file"
    INVALID_SESSION = "invalid_session_id"
    MISSING_KEY = "missing_key"
    UNKNOWN_KEY = "invalid_key"
    KEY_PAUSED = "key_paused"
    KEY_REVOKED = "key_revoked"
    KEY_EXPIRED = "key_expired"
    FORBIDDEN = "forbidden"
    FOREIGN_SESSION = "foreign_session"
    INPUT_BLOCKED = "input_blocked"
    OUTPUT_BLOCKED = "output_blocked"
    POLICY_UNAVAILABLE = "policy_unavailable"
    ESCALATION_REQUIRED = "escalation_required"
    POLICY_ERROR = "policy_error"
    BUDGET_EXCEEDED = "budget_exceeded"
    PRICE_UNKNOWN = "price_unknown"
    CIRCUIT_OPEN = "CIRCUIT_OPEN"
    LOOP_DETECTED = "LOOP_DETECTED"
    RATE_LIMITED = "rate_limited"
    OUTPUT_CAPPED = "output_cap_reached"
    PROVIDER_KEY_MISSING = "provider_key_missing"
    UPSTREAM_CIRCUIT_OPEN = "upstream_circuit_open"
    UPSTREAM_REFUSED = "upstream_refused"
    UPSTREAM_AUTH = "upstream_auth"
    UPSTREAM_RATE_LIMITED = "upstream_rate_limited"
    UPSTREAM_FAILED = "upstream_failed"
    UPSTREAM_UNREACHABLE = "upstream_unreachable"
    UPSTREAM_TIMEOUT = "upstream_timeout"
    UPSTREAM_TRUNCATED = "upstream_truncated"
    UPSTREAM_GARBAGE = "upstream_garbage"
    EGRESS_REFUSED = "egress_refused"
    MCP_UNREACHABLE = "mcp_unreachable"
    MCP_TIMEOUT = "mcp_timeout"
    MCP_FAILED = "mcp_failed"
    MCP_TOO_LARGE = "mcp_too_large"
    MCP_BUSY = "mcp_busy"
    TOOL_ROUNDS_EXCEEDED = "tool_rounds_exceeded"
    APPROVAL_DENIED = "approval_denied"
    TOOL_CALL_INVALID = "tool_call_invalid"
    RECORDS_UNAVAILABLE = "records_unavailable"
    CONTROL_UNAVAILABLE = "control_unavailable"
    STATE_UNAVAILABLE = "state_unavailable"
    DRAINING = "draining"
    INTERNAL = "internal_error"


class GatewayError(Exception):
    """The root. `status` is a hint: a surface may dress the error differently."""

    status = 500
    default_code = Code.INTERNAL

    def __init__(
        self, public: str, *, code: Code | None = None, status: int | None = None, hint: str | None = None
    ) -> None:
        super().__init__(public)
        self.public = public
        self.code = code or self.default_code
        self.hint = hint
        if status is not None:
            self.status = status

    def __str__(self) -> str:
        """The public words as they are now: a provider's are rid of keys after they were raised."""
        return self.public

    param: str | None = None
    """The member of the request at fault, where a surface has a place for its name."""

    retry_after: float | None = None
    """Seconds after which the same call may be tried again; None when waiting does not help or is not known."""

    again: bool = True
    """Whether a client may send the same call again by itself; not after something was done in its course."""


class CallerError(GatewayError):
    status = 400
    default_code = Code.INVALID_REQUEST


class Unauthenticated(GatewayError):
    status = 401
    default_code = Code.UNKNOWN_KEY


class Forbidden(GatewayError):
    status = 403
    default_code = Code.FORBIDDEN


class Refused(GatewayError):
    """A policy blocked. `rule` is the name of the rule instance; `veiled`: the caller is not told why."""

    status = 409
    default_code = Code.INPUT_BLOCKED

    def __init__(self, public: str, *, rule: str, code: Code) -> None:
        super().__init__(public, code=code)
        self.rule = rule
        self.veiled = False
        self.step_id: str | None = None
        """The step that records it."""
        self.escalation: str | None = None
        """What a person must decide before the same request may pass."""

    def escalate(self, escalation: str, words: str) -> None:
        """Tells the caller whose word it needs."""
        self.escalation = escalation
        self.public = f"{self.public}: {words} (escalation {escalation})"


class Arithmetic(Struct, frozen=True):
    """Why a limit said no: nano-dollars where it is about `money`, for rates pieces in the window.

    `scope` and `unit` say which limit, where it is a rate.
    """

    limit_id: str
    limit: int
    settled: int
    held: int
    asked: int
    money: bool = False
    scope: str = ""
    unit: str = ""


class LimitExceeded(GatewayError):
    status = 429
    default_code = Code.RATE_LIMITED

    def __init__(
        self,
        public: str,
        *,
        code: Code,
        status: int,
        arithmetic: Arithmetic | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(public, code=code, status=status)
        self.arithmetic = arithmetic
        self.retry_after = retry_after


class NextStep(StrEnum):
    """What a failed attempt allows, decided where the failure is seen."""

    RETRY_SAME = "retry_same"
    TRY_NEXT = "try_next"
    GIVE_UP = "give_up"


class UpstreamError(GatewayError):
    """A provider failed. `upstream_status` is its own status, None when it never answered."""

    status = 502
    default_code = Code.UPSTREAM_FAILED

    def __init__(
        self,
        public: str,
        *,
        code: Code,
        status: int,
        next_step: NextStep,
        provider: str,
        upstream_status: int | None = None,
        retry_after: float | None = None,
        body: bytes = b"",
        sent: bool = True,
    ) -> None:
        super().__init__(public, code=code, status=status)
        self.next_step = next_step
        self.provider = provider
        self.upstream_status = upstream_status
        self.retry_after = retry_after
        self.sent = sent
        """Whether any of the request may have reached the provider."""
        self.body = body
        """The provider's own error body, for surfaces that speak its format; b"" when there is none to show."""

    dialect: DialectName | None = None
    """The format of `body`."""

    partly: bool = False
    """Of several requests that make up the call, some were answered before this one failed."""

    @property
    def served(self) -> bool:
        """Whether the provider may have done the work, and may bill it: it was asked, and it did not refuse."""
        return self.partly or (self.sent and (self.upstream_status is None or self.upstream_status < 300))


class ToolServerError(GatewayError):
    """A tool server failed the execution; its caller named it. `server` is its label."""

    status = 502
    default_code = Code.MCP_FAILED

    def __init__(self, server: str, why: str, *, code: Code | None = None, status: int | None = None) -> None:
        super().__init__(f"the tool server `{server}` {why}", code=code, status=status)
        self.server = server


class GatewayFault(GatewayError):
    status = 500
    default_code = Code.INTERNAL
