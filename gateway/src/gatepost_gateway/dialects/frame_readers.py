"""Who reads the frames of each format that callers speak."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from gatepost_gateway.dialects.anthropic_messages_frames import AnthropicFrames
from gatepost_gateway.dialects.frames import FrameReader
from gatepost_gateway.dialects.gemini_generate_frames import GeminiFrames
from gatepost_gateway.dialects.openai_chat_frames import OpenAIChatFrames
from gatepost_gateway.dialects.openai_completions_frames import CompletionsFrames
from gatepost_gateway.dialects.openai_responses_frames import ResponsesFrames
from gatepost_gateway.domain.chat import DialectName

FRAMES: Mapping[DialectName, Callable[[], FrameReader]] = MappingProxyType(
    {
        DialectName.OPENAI_CHAT: OpenAIChatFrames,
        DialectName.OPENAI_COMPLETIONS: CompletionsFrames,
        DialectName.OPENAI_RESPONSES: ResponsesFrames,
        DialectName.ANTHROPIC_MESSAGES: AnthropicFrames,
        DialectName.GEMINI_GENERATE: GeminiFrames,
    }
)
