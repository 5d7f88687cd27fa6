"""The shape of test cases for policies, in a file of their own or under `testing` of the configuration."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.settings.fields import Id, Name, ProxyId, Shape

MOST_CASES = 10_000
_VERDICTS = {"allowed": "allow", "redacted": "redact", "blocked": "block", "deny": "block", "escalated": "escalate"}


def _verdict(value: Any) -> Any:
    return _VERDICTS.get(value, value) if isinstance(value, str) else value


Verdict = Annotated[Literal["allow", "redact", "block", "escalate"], BeforeValidator(_verdict)]
Text = Annotated[str, Field(max_length=1_000_000)]
Format = Literal[
    "openai_chat",
    "openai_completions",
    "openai_responses",
    "anthropic_messages",
    "gemini_generate",
    "openai_embeddings",
    "openai_images",
    "gemini_embed",
    "gemini_batch_embed",
]


class InputShape(Shape):
    """A call: `text`, `messages` or a whole `body` in a `format`; with `answer`, what the model said as well.

    `target` is the id of the entry that it would go to; `judges`: what judges outside say, by the rule that asks them.
    """

    text: Text | None = None
    messages: list[dict[str, Any]] | None = None
    body: dict[str, Any] | None = None
    format: Format | None = None
    model: Name | None = None
    tools: list[dict[str, Any]] | None = None
    headers: dict[str, str] = Field(default={})
    properties: dict[str, str] = Field(default={})
    metadata: dict[str, Any] = Field(default={})
    user: Name | None = None
    key: Id | None = None
    session_id: str | None = None
    session_path: str | None = None
    turn: int | None = Field(default=None, ge=1)
    project: Id | None = None
    proxy: ProxyId | None = None
    target: Id | None = None
    answer: Text | dict[str, Any] | None = None
    judges: dict[str, dict[str, Any]] = Field(default={})

    @model_validator(mode="after")
    def _one(self) -> "InputShape":
        said = [one for one in (self.text, self.messages, self.body) if one is not None]
        if len(said) != 1:
            raise ValueError("must say one of `text`, `messages`, `body`")
        if self.body is None and self.format not in (None, DialectName.OPENAI_CHAT.value):
            raise ValueError("must say `body` where it says another `format` than openai_chat")
        if self.body is not None and self.tools is not None:
            raise ValueError("must say `tools` in its `body`")
        return self


class WantShape(Shape):
    """What must come of it. `text`: what the user said, or the answer, as it goes on; `texts`: by path.

    `observed`: the rules in observe mode that would have acted, all of them.
    """

    verdict: Verdict
    rule: Name | None = None
    phase: Literal["request", "response"] | None = None
    reason: Text | None = None
    code: Name | None = None
    text: Text | None = None
    texts: dict[str, Text] = Field(default={})
    observed: list[Name] | None = None


class CaseShape(Shape):
    """`name` and `expected` are other names of `note` and `want`."""

    note: Text
    input: InputShape
    want: WantShape

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        said: dict[str, Any] = dict(value)  # pyright: ignore[reportUnknownArgumentType]
        for other, own in (("name", "note"), ("expected", "want")):
            if other in said:
                if own in said:
                    raise ValueError(f"says `{own}` and `{other}`, which are the same")
                said[own] = said.pop(other)
        return said


class SuiteShape(Shape):
    """`target`: the rule, or the kind of rule, that it is about."""

    name: Name
    target: Name | None = None
    cases: list[CaseShape] = Field(max_length=MOST_CASES)


class TestingShape(Shape):
    """Cases in place, and files that hold more: paths from this file on, with `*`."""

    __test__ = False

    suites: list[SuiteShape] = Field(default=[])
    files: list[Annotated[str, Field(min_length=1, max_length=1000)]] = Field(default=[])


class CasesShape(Shape):
    """A file of cases. `policy`: the file that they test, from this file on."""

    policy: str | None = Field(default=None, min_length=1, max_length=1000)
    suites: list[SuiteShape] = Field(default=[])
    cases: list[CaseShape] = Field(default=[], max_length=MOST_CASES)
