"""The HTTP contract of Gatepost as types: one truth for the server, which imports it, and for this SDK.

What a client sends (`Ask`) refuses unknown fields, so that a misspelt one is an error. What the gateway says (`Answer`)
keeps fields that this version does not know, so that an older SDK reads a newer gateway.

The models are loaded when they are first named: a program that calls a model never pays for those of the registry.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import headers

if TYPE_CHECKING:
    from .actions import ActionDone, ActionIdentity, ActionRequest, ActionVerdict
    from .configuration import (
        Applied,
        ApplyRequest,
        Change,
        Rollback,
        Version,
        VersionDiff,
        VersionPage,
    )
    from .executions import (
        Approval,
        Execution,
        ExecutionRequest,
        LogRecorded,
        LogRequest,
        PendingApproval,
        ToolCall,
        ToolResult,
        Usage,
    )
    from .identities import Budget, KeyCreate, KeyCreated, KeyPage, KeyView, Project, ProjectPage, Rates
    from .making import EmbeddingRequest, EmbeddingResult, Image, ImageRequest, ImageResult
    from .problems import LimitSums, Problem, ProblemAt
    from .registry import ModelCard, ModelCards, ModelEntry, ModelPage, ModelView, Pricing
    from .service import Health, SdkConfig, SdkFeatures, Up, VersionInfo
    from .shape import Answer, Ask, Money
    from .simple import (
        Account,
        ApiKeyCreated,
        ApiKeyNew,
        ChatRequest,
        ChatResponse,
        ChatUsage,
        MeResponse,
        Message,
        MetricsGroup,
        MetricsPoint,
        MetricsResponse,
        MetricsTotals,
        ProviderKeySet,
        SignupRequest,
    )
    from .traces import (
        Attempt,
        Decision,
        Mark,
        Route,
        Session,
        Step,
        Trace,
        TraceCreate,
        TraceDetail,
        TracePage,
        TraceRow,
        TraceSummary,
        Turn,
    )
    from .verdicts import CheckResult, Finding, Question, RuleVerdict, Simulation

__all__ = [
    "Account",
    "ActionDone",
    "ActionIdentity",
    "ActionRequest",
    "ActionVerdict",
    "Answer",
    "ApiKeyCreated",
    "ApiKeyNew",
    "Applied",
    "ApplyRequest",
    "Approval",
    "Ask",
    "Attempt",
    "Budget",
    "Change",
    "ChatRequest",
    "ChatResponse",
    "ChatUsage",
    "CheckResult",
    "Decision",
    "EmbeddingRequest",
    "EmbeddingResult",
    "Execution",
    "ExecutionRequest",
    "Finding",
    "Health",
    "Image",
    "ImageRequest",
    "ImageResult",
    "KeyCreate",
    "KeyCreated",
    "KeyPage",
    "KeyView",
    "LimitSums",
    "LogRecorded",
    "LogRequest",
    "Mark",
    "MeResponse",
    "Message",
    "MetricsGroup",
    "MetricsPoint",
    "MetricsResponse",
    "MetricsTotals",
    "ModelCard",
    "ModelCards",
    "ModelEntry",
    "ModelPage",
    "ModelView",
    "Money",
    "PendingApproval",
    "Pricing",
    "Problem",
    "ProblemAt",
    "Project",
    "ProjectPage",
    "ProviderKeySet",
    "Question",
    "Rates",
    "Rollback",
    "Route",
    "RuleVerdict",
    "SdkConfig",
    "SdkFeatures",
    "Session",
    "SignupRequest",
    "Simulation",
    "Step",
    "ToolCall",
    "ToolResult",
    "Trace",
    "TraceCreate",
    "TraceDetail",
    "TracePage",
    "TraceRow",
    "TraceSummary",
    "Turn",
    "Up",
    "Usage",
    "Version",
    "VersionDiff",
    "VersionInfo",
    "VersionPage",
    "headers",
]

_HOMES = {
    "actions": ("ActionDone", "ActionIdentity", "ActionRequest", "ActionVerdict"),
    "configuration": ("Applied", "ApplyRequest", "Change", "Rollback", "Version", "VersionDiff", "VersionPage"),
    "executions": (
        "Approval",
        "Execution",
        "ExecutionRequest",
        "LogRecorded",
        "LogRequest",
        "PendingApproval",
        "ToolCall",
        "ToolResult",
        "Usage",
    ),
    "identities": ("Budget", "KeyCreate", "KeyCreated", "KeyPage", "KeyView", "Project", "ProjectPage", "Rates"),
    "making": ("EmbeddingRequest", "EmbeddingResult", "Image", "ImageRequest", "ImageResult"),
    "problems": ("LimitSums", "Problem", "ProblemAt"),
    "registry": ("ModelCard", "ModelCards", "ModelEntry", "ModelPage", "ModelView", "Pricing"),
    "service": ("Health", "SdkConfig", "SdkFeatures", "Up", "VersionInfo"),
    "shape": ("Answer", "Ask", "Money"),
    "simple": (
        "Account",
        "ApiKeyCreated",
        "ApiKeyNew",
        "ChatRequest",
        "ChatResponse",
        "ChatUsage",
        "MeResponse",
        "Message",
        "MetricsGroup",
        "MetricsPoint",
        "MetricsResponse",
        "MetricsTotals",
        "ProviderKeySet",
        "SignupRequest",
    ),
    "verdicts": ("CheckResult", "Finding", "Question", "RuleVerdict", "Simulation"),
    "traces": (
        "Attempt",
        "Decision",
        "Mark",
        "Route",
        "Session",
        "Step",
        "Trace",
        "TraceCreate",
        "TraceDetail",
        "TracePage",
        "TraceRow",
        "TraceSummary",
        "Turn",
    ),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            found = getattr(import_module(f"{__name__}.{home}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module `{__name__}` has no attribute `{name}`")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
