"""The official clients, each asked the same things in its own way."""

import asyncio
import base64
import json
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

from pydantic import BaseModel

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PARAMETERS = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]}
QUESTION = "Ask the weather tool for two places."


class Report(BaseModel):
    """The weather of a place."""

    place: str
    degrees: int


class Failed(Exception):
    """A client's own failure; `status` is None where it was none of HTTP's."""

    def __init__(self, status: int | None, kind: str) -> None:
        super().__init__(f"{kind} {status}")
        self.status, self.kind = status, kind


def weather(place: str) -> str:
    """The weather of a place."""
    return f"sun in {place}"


class Client:
    """`url` is the gateway's root. Each method gives what the model said; a failure of the client's is a Failed."""

    name: ClassVar[str]

    def __init__(self, url: str, key: str, timeout: float = 30) -> None:
        self.url, self.key, self.timeout = url, key, timeout

    def close(self) -> None:
        """Leaves its connections."""


class OpenAIClient(Client):
    name = "openai"

    def __init__(self, url: str, key: str, timeout: float = 30) -> None:
        super().__init__(url, key, timeout)
        from openai import OpenAI

        self.client = OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=timeout)

    def close(self) -> None:
        self.client.close()

    def chat(self, model: str, text: str) -> str:
        return self._create(model, [{"role": "user", "content": text}]).content

    def _create(self, model: str, messages: list[Any], **more: Any) -> Any:
        return self.client.chat.completions.create(model=model, messages=messages, **more).choices[0].message

    def stream(self, model: str, text: str) -> str:
        with self.client.chat.completions.stream(model=model, messages=[{"role": "user", "content": text}]) as events:
            return events.get_final_completion().choices[0].message.content or ""

    def tools(self, model: str, *, stream: bool) -> str:
        said: list[Any] = [{"role": "user", "content": QUESTION}]
        told: Any = {"tools": [{"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}]}
        if stream:
            with self.client.chat.completions.stream(model=model, messages=said, **told) as events:
                message = events.get_final_completion().choices[0].message
        else:
            message = self._create(model, said, **told)
        said.append(message)
        for call in message.tool_calls or ():
            result = weather(**json.loads(call.function.arguments))
            said.append({"role": "tool", "tool_call_id": call.id, "content": result})
        return self._create(model, said, **told).content

    def schema(self, model: str) -> Any:
        asked: Any = [{"role": "user", "content": "A report."}]
        chat = self.client.chat.completions.parse(model=model, messages=asked, response_format=Report)
        return chat.choices[0].message.parsed

    def picture(self, model: str) -> str:
        url = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
        return self._create(model, [{"role": "user", "content": [{"type": "text", "text": "?"}, url]}]).content


class ResponsesClient(OpenAIClient):
    name = "openai (responses)"

    def chat(self, model: str, text: str) -> str:
        return self.client.responses.create(model=model, input=text).output_text

    def stream(self, model: str, text: str) -> str:
        with self.client.responses.stream(model=model, input=text) as events:
            return events.get_final_response().output_text

    def tools(self, model: str, *, stream: bool) -> str:
        tools: Any = [{"type": "function", "name": "weather", "parameters": PARAMETERS, "strict": False}]
        if stream:
            with self.client.responses.stream(model=model, input=QUESTION, tools=tools) as events:
                first = events.get_final_response()
        else:
            first = self.client.responses.create(model=model, input=QUESTION, tools=tools)
        results: Any = [
            {"type": "function_call_output", "call_id": one.call_id, "output": weather(**json.loads(one.arguments))}
            for one in first.output
            if one.type == "function_call"
        ]
        again = self.client.responses.create(model=model, previous_response_id=first.id, input=results, tools=tools)
        return again.output_text

    def schema(self, model: str) -> Any:
        return self.client.responses.parse(model=model, input="A report.", text_format=Report).output_parsed

    def picture(self, model: str) -> str:
        parts = [{"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}", "detail": "auto"}]
        said: Any = [{"role": "user", "content": parts}]
        return self.client.responses.create(model=model, input=said).output_text


class AnthropicClient(Client):
    name = "anthropic"

    def __init__(self, url: str, key: str, timeout: float = 30) -> None:
        super().__init__(url, key, timeout)
        from anthropic import Anthropic

        self.client = Anthropic(base_url=url, api_key=key, max_retries=0, timeout=timeout)

    def close(self) -> None:
        self.client.close()

    def _create(self, model: str, content: Any, **more: Any) -> str:
        messages: Any = [{"role": "user", "content": content}]
        return _text(self.client.messages.create(model=model, max_tokens=500, messages=messages, **more))

    def chat(self, model: str, text: str) -> str:
        return self._create(model, text)

    def stream(self, model: str, text: str) -> str:
        said: Any = [{"role": "user", "content": text}]
        with self.client.messages.stream(model=model, max_tokens=500, messages=said) as stream:
            return "".join(stream.text_stream)

    def tools(self, model: str, *, stream: bool) -> str:
        said: Any = [{"role": "user", "content": QUESTION}]
        asked: Any = {"model": model, "max_tokens": 500}
        asked["tools"] = [{"name": "weather", "description": "The weather.", "input_schema": PARAMETERS}]
        if stream:
            with self.client.messages.stream(messages=said, **asked) as events:
                first = events.get_final_message()
        else:
            first = self.client.messages.create(messages=said, **asked)
        results = [
            {"type": "tool_result", "tool_use_id": one.id, "content": weather(**one.input)}
            for one in first.content
            if one.type == "tool_use"
        ]
        said += [{"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
        return _text(self.client.messages.create(messages=said, **asked))

    def schema(self, model: str) -> Any:
        wanted = {"type": "json_schema", "schema": Report.model_json_schema()}
        return Report.model_validate_json(self._create(model, "A report.", output_config={"format": wanted}))

    def picture(self, model: str) -> str:
        source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
        return self._create(model, [{"type": "image", "source": source}, {"type": "text", "text": "?"}])


def _text(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


class GoogleClient(Client):
    name = "google-genai"

    def __init__(self, url: str, key: str, timeout: float = 30) -> None:
        super().__init__(url, key, timeout)
        from google import genai

        self.types = genai.types
        options = genai.types.HttpOptions(base_url=url, timeout=int(timeout * 1000))
        self.client = genai.Client(api_key=key, http_options=options)

    def close(self) -> None:
        self.client.close()

    def chat(self, model: str, text: str) -> str:
        return self.client.models.generate_content(model=model, contents=text).text or ""

    def stream(self, model: str, text: str) -> str:
        pieces = self.client.models.generate_content_stream(model=model, contents=text)
        return "".join(piece.text or "" for piece in pieces)

    def tools(self, model: str, *, stream: bool) -> str:
        types = self.types
        declared = types.FunctionDeclaration(name="weather", parameters_json_schema=PARAMETERS)
        config = types.GenerateContentConfig(tools=[types.Tool(function_declarations=[declared])])
        said: Any = [types.Content(role="user", parts=[types.Part(text=QUESTION)])]
        if stream:
            pieces = list(self.client.models.generate_content_stream(model=model, contents=said, config=config))
        else:
            pieces = [self.client.models.generate_content(model=model, contents=said, config=config)]
        parts = [part for one in pieces for part in one.candidates[0].content.parts or ()]
        results = [
            types.Part(function_response=types.FunctionResponse(
                id=part.function_call.id, name="weather", response={"result": weather(**part.function_call.args)}
            ))
            for part in parts
            if part.function_call
        ]  # fmt: skip
        said += [types.Content(role="model", parts=parts), types.Content(role="user", parts=results)]
        return self.client.models.generate_content(model=model, contents=said, config=config).text or ""

    def schema(self, model: str) -> Any:
        config = {"response_mime_type": "application/json", "response_schema": Report}
        return self.client.models.generate_content(model=model, contents="A report.", config=config).parsed

    def picture(self, model: str) -> str:
        part = self.types.Part.from_bytes(data=base64.b64decode(PIXEL), mime_type="image/png")
        return self.client.models.generate_content(model=model, contents=["?", part]).text or ""


class LangChainClient(Client):
    name = "langchain-openai"

    def _model(self, model: str) -> Any:
        from langchain_openai import ChatOpenAI

        return ChatOpenAI(
            model=model, base_url=f"{self.url}/v1", api_key=self.key, max_retries=0, timeout=self.timeout  # type: ignore[arg-type]
        )  # fmt: skip

    def chat(self, model: str, text: str) -> str:
        return self._model(model).invoke(text).text

    def stream(self, model: str, text: str) -> str:
        return "".join(piece.text for piece in self._model(model).stream(text))

    def tools(self, model: str, *, stream: bool) -> str:
        from langchain_core.messages import HumanMessage
        from langchain_core.tools import tool

        known = tool(weather)
        bound = self._model(model).bind_tools([known])
        said: list[Any] = [HumanMessage(QUESTION)]
        if stream:
            first, *rest = bound.stream(said)
            for piece in rest:
                first += piece
        else:
            first = bound.invoke(said)
        said += [first, *(known.invoke(call) for call in first.tool_calls)]
        return bound.invoke(said).text

    def schema(self, model: str) -> Any:
        return self._model(model).with_structured_output(Report, method="json_schema").invoke("A report.")

    def picture(self, model: str) -> str:
        from langchain_core.messages import HumanMessage

        image = {"type": "image", "base64": PIXEL, "mime_type": "image/png"}
        return self._model(model).invoke([HumanMessage(content=[{"type": "text", "text": "?"}, image])]).text


class PydanticClient(Client):
    name = "pydantic-ai"

    def __init__(self, url: str, key: str, timeout: float = 30) -> None:
        super().__init__(url, key, timeout)
        self.runner = asyncio.Runner()
        from openai import AsyncOpenAI

        self.client = AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=timeout)

    def close(self) -> None:
        self.runner.run(self.client.close())
        self.runner.close()

    def _agent(self, model: str, **more: Any) -> Any:
        from pydantic_ai import Agent
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider

        return Agent(OpenAIChatModel(model, provider=OpenAIProvider(openai_client=self.client)), retries=0, **more)

    def _run(self, agent: Any, said: Any) -> Any:
        return self.runner.run(agent.run(said)).output

    def chat(self, model: str, text: str) -> str:
        return self._run(self._agent(model), text)

    def stream(self, model: str, text: str) -> str:
        return self.runner.run(self._streamed(self._agent(model), text))

    async def _streamed(self, agent: Any, text: str) -> str:
        async with agent.run_stream(text) as run:
            return "".join([piece async for piece in run.stream_text(delta=True)])

    def tools(self, model: str, *, stream: bool) -> str:
        agent = self._agent(model, tools=[weather])
        return self.runner.run(self._streamed(agent, QUESTION)) if stream else self._run(agent, QUESTION)

    def schema(self, model: str) -> Any:
        from pydantic_ai import NativeOutput

        return self._run(self._agent(model, output_type=NativeOutput(Report)), "A report.")

    def picture(self, model: str) -> str:
        from pydantic_ai import BinaryContent

        return self._run(self._agent(model), ["?", BinaryContent(base64.b64decode(PIXEL), media_type="image/png")])


CLIENTS: dict[str, type[Client]] = {
    one.name: one
    for one in (OpenAIClient, ResponsesClient, AnthropicClient, GoogleClient, LangChainClient, PydanticClient)
}


def failure(work: Callable[[], Any]) -> Failed:
    """How a client says that a call failed. Raises what is not a client's own error."""
    import anthropic
    import openai
    from google.genai import errors
    from pydantic_ai import exceptions

    try:
        said = work()
    except (openai.APIError, anthropic.APIError) as error:
        return Failed(getattr(error, "status_code", None), type(error).__name__)
    except errors.APIError as error:
        return Failed(error.code, type(error).__name__)
    except exceptions.ModelAPIError as error:
        return Failed(getattr(error, "status_code", None), type(error).__name__)
    except _timeouts() as error:
        return Failed(None, type(error).__name__)
    raise AssertionError(f"no failure, but {said!r}")


def _timeouts() -> tuple[type[Exception], ...]:
    """Of the HTTP libraries that the clients use."""
    here = [name for name in ("httpx", "httpx2") if find_spec(name)]
    return tuple(import_module(name).TimeoutException for name in here)
