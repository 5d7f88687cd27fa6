"""The SDK's models of our own API, held against the server's own description of it."""

import asyncio
import json

import pytest

from gatepost import wire
from gatepost_gateway.app.controlplane import Office
from gatepost_gateway.link.control_end import answer
from gatepost_gateway.link.messages import HttpAsk
from gatepost_gateway.settings import load

QUESTIONS = {
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


def members(name: str) -> set[str]:
    return set(getattr(wire, name).model_json_schema()["properties"])


@pytest.mark.parametrize(("model", "schema"), QUESTIONS.items())
def test_a_question_says_all_that_the_server_understands(described, model, schema):
    assert members(model) == set(described[schema]["properties"])


@pytest.mark.parametrize(("model", "schema"), ANSWERS.items())
def test_an_answer_reads_nothing_that_the_server_does_not_say(described, model, schema):
    assert members(model) <= set(described[schema]["properties"])
