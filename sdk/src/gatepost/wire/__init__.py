"""The HTTP contract of Gatepost as types: one truth for the server, which imports it, and for this SDK.

What a client sends (`Ask`) refuses unknown fields, so that a misspelt one is an error. What the gateway says (`Answer`)
keeps fields that this version does not know, so that an older SDK reads a newer gateway.
"""

from . import headers
from .configuration import (
    Applied,
    ApplyRequest,
    Change,
    Rollback,
    Version,
    VersionDiff,
    VersionPage,
)
from .executions import Execution, ExecutionRequest, LogRecorded, LogRequest, ToolCall, ToolResult, Usage
from .identities import Budget, KeyCreate, KeyCreated, KeyPage, KeyView, Project, ProjectPage
from .problems import LimitSums, Problem, ProblemAt
from .registry import ModelCard, ModelCards, ModelEntry, ModelPage, ModelView, Pricing
from .service import Health, SdkConfig, SdkFeatures, Up, VersionInfo
from .shape import Answer, Ask, Money
from .traces import (
    Attempt,
    Decision,
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

__all__ = [
    "Answer",
    "Applied",
    "ApplyRequest",
    "Ask",
    "Attempt",
    "Budget",
    "Change",
    "Decision",
    "Execution",
    "ExecutionRequest",
    "Health",
    "KeyCreate",
    "KeyCreated",
    "KeyPage",
    "KeyView",
    "LimitSums",
    "LogRecorded",
    "LogRequest",
    "ModelCard",
    "ModelCards",
    "ModelEntry",
    "ModelPage",
    "ModelView",
    "Money",
    "Pricing",
    "Problem",
    "ProblemAt",
    "Project",
    "ProjectPage",
    "Rollback",
    "SdkConfig",
    "SdkFeatures",
    "Session",
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
