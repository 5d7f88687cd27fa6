"""The SDK's models of our own API, held against the server's own description of it."""

import asyncio
import json
from typing import Any

import pytest

from gatepost import wire
from gatepost_gateway.app.controlplane import Office
from gatepost_gateway.link.control_end import answer
from gatepost_gateway.link.messages import HttpAsk
from gatepost_gateway.settings import load

QUESTIONS = {
    "Approval": "Approval",
    "Rates": "RatesShape",
    "TraceCreate": "TraceNew",
    "ExecutionRequest": "ExecutionNew",
    "LogRequest": "LogNew",
    "KeyCreate": "KeyNew",
    "ModelEntry": "ModelNew",
    "ToolResult": "ToolResult",
    "EmbeddingRequest": "EmbeddingNew",
    "ImageRequest": "ImageNew",
    "Question": "Question",
    "ActionRequest": "ActionNew",
    "Message": "ChatMessage",
    "ChatRequest": "ChatNew",
    "SignupRequest": "Signup",
    "ProviderKeySet": "OwnProviderKey",
    "ApiKeyNew": "OwnKeyNew",
}
ANSWERS = {
    "Health": "Condition",
    "Mark": "MarkView",
    "PendingApproval": "PendingApproval",
    "ProblemAt": "Where",
    "Route": "RouteView",
    "Account": "SignedUp",
    "ActionDone": "ActionDone",
    "ActionVerdict": "ActionVerdict",
    "ApiKeyCreated": "NewOwnKey",
    "ChatResponse": "ChatDone",
    "ChatUsage": "ChatUsage",
    "MeResponse": "Me",
    "MetricsGroup": "MetricGroup",
    "MetricsPoint": "MetricPoint",
    "MetricsResponse": "Metrics",
    "MetricsTotals": "Totals",
    "Applied": "Applied",
    "Attempt": "AttemptView",
    "Budget": "Budget",
    "Change": "Change",
    "Decision": "DecisionView",
    "CheckResult": "CheckDone",
    "Finding": "Finding",
    "RuleVerdict": "RuleVerdict",
    "Simulation": "SimulationDone",
    "EmbeddingResult": "EmbeddingDone",
    "Execution": "ExecutionDone",
    "Image": "Image",
    "ImageResult": "ImageDone",
    "KeyCreated": "NewKey",
    "KeyPage": "KeyPage",
    "KeyView": "Key",
    "LogRecorded": "LogDone",
    "ModelPage": "ModelPage",
    "ModelView": "Model",
    "Project": "Project",
    "ProjectPage": "ProjectPage",
    "Rollback": "Rollback",
    "SdkConfig": "SdkConfig",
    "SdkFeatures": "SdkFeatures",
    "Session": "SessionView",
    "Step": "StepView",
    "ToolCall": "ToolCall",
    "Trace": "TraceOpen",
    "TraceDetail": "TraceView",
    "TracePage": "TracePage",
    "TraceRow": "TraceLine",
    "TraceSummary": "TraceDone",
    "Turn": "StepView",
    "Up": "Up",
    "Usage": "UsageView",
    "Version": "Version",
    "VersionDiff": "VersionDiff",
    "VersionInfo": "Release",
    "VersionPage": "VersionPage",
}


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    folder = tmp_path_factory.mktemp("described")
    office = Office(load(variables={"GATEPOST_DATA_DIR": str(folder)}, folder=folder))
    reply = asyncio.run(answer(office.app(), HttpAsk("GET", "/openapi.json", b"", [], b"")))
    office.close()
    return json.loads(reply.body)["components"]["schemas"]


def properties(name: str) -> dict[str, Any]:
    return getattr(wire, name).model_json_schema()["properties"]


def members(name: str) -> set[str]:
    return set(properties(name))


def nullable(schema: dict[str, Any]) -> bool:
    """Whether a property may be null; one of no particular type may be anything."""
    kinds = schema.get("type")
    if not schema.keys() - {"title", "description", "default"}:
        return True
    return any(one.get("type") == "null" for one in schema.get("anyOf", ())) or "null" in (
        kinds if isinstance(kinds, list) else [kinds]
    )


@pytest.mark.parametrize(("model", "schema"), QUESTIONS.items())
def test_a_question_says_all_that_the_server_understands(described, model, schema):
    assert members(model) == set(described[schema]["properties"])


@pytest.mark.parametrize(("model", "schema"), ANSWERS.items())
def test_an_answer_reads_nothing_that_the_server_does_not_say(described, model, schema):
    assert members(model) <= set(described[schema]["properties"])


@pytest.mark.parametrize(("model", "schema"), ANSWERS.items())
def test_an_answer_takes_null_wherever_the_server_may_say_it(described, model, schema):
    ours, theirs = properties(model), described[schema]["properties"]
    assert {name for name in ours if nullable(theirs[name]) and not nullable(ours[name])} == set()


@pytest.mark.parametrize(("model", "schema"), ANSWERS.items())
def test_an_answer_needs_nothing_that_the_server_may_leave_out(described, model, schema):
    ours = getattr(wire, model).model_json_schema()
    assert set(ours.get("required", ())) <= set(described[schema].get("required", described[schema]["properties"]))


def test_no_model_is_left_unchecked():
    """But the two kinds themselves, OpenAI's shape of a model, and what the description has as an open object."""
    kinds = (wire.Answer, wire.Ask)
    models = {name for name in wire.__all__ if isinstance(one := getattr(wire, name), type) and issubclass(one, kinds)}
    unchecked = {"Answer", "Ask", "ModelCard", "ModelCards", "Pricing"}
    unchecked |= {"ActionIdentity", "ApplyRequest", "LimitSums", "Problem"}
    assert models - set(QUESTIONS) - set(ANSWERS) == unchecked
