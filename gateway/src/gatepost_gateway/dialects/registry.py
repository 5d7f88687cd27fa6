"""Every wire format, by the side it faces. What is not here is not spoken."""

from collections.abc import Mapping
from types import MappingProxyType

from gatepost_gateway.dialects import (
    anthropic_messages,
    anthropic_messages_reply,
    anthropic_messages_request,
    bedrock_converse,
    bedrock_converse_request,
    gemini_generate,
    gemini_generate_reply,
    gemini_generate_request,
    openai_chat,
    openai_chat_reply,
    openai_chat_request,
    openai_completions,
)
from gatepost_gateway.dialects.anthropic_messages_events import AnthropicDecoder, AnthropicEncoder
from gatepost_gateway.dialects.gemini_generate_stream import GeminiDecoder, GeminiEncoder
from gatepost_gateway.dialects.openai_chat_events import OpenAIChatDecoder, OpenAIChatEncoder
from gatepost_gateway.dialects.openai_chat_stream import OpenAIChatReader
from gatepost_gateway.dialects.openai_completions_stream import CompletionsEncoder, CompletionsReader
from gatepost_gateway.dialects.passing import PassingReader
from gatepost_gateway.dialects.sides import CallerSide, ProviderSide, Same
from gatepost_gateway.domain.chat import DialectName

OPENAI_CHAT = ProviderSide(
    dialect=DialectName.OPENAI_CHAT,
    write_request=openai_chat_request.write_request,
    read_reply=openai_chat_reply.read_reply,
    decoder=OpenAIChatDecoder,
    same=Same(request=openai_chat.pass_request, summary=openai_chat.summarise, reader=OpenAIChatReader),
)

OPENAI_COMPLETIONS = ProviderSide(
    dialect=DialectName.OPENAI_COMPLETIONS,
    write_request=openai_completions.write_request,
    read_reply=openai_completions.refuse_reply,
    decoder=OpenAIChatDecoder,
    same=Same(request=openai_completions.pass_request, summary=openai_completions.summarise, reader=CompletionsReader),
)

ANTHROPIC_MESSAGES = ProviderSide(
    dialect=DialectName.ANTHROPIC_MESSAGES,
    write_request=anthropic_messages_request.write_request,
    read_reply=anthropic_messages_reply.read_reply,
    decoder=AnthropicDecoder,
    same=Same(
        request=anthropic_messages.pass_request,
        summary=anthropic_messages.summarise,
        reader=anthropic_messages.passing_reader,
    ),
)

GEMINI_GENERATE = ProviderSide(
    dialect=DialectName.GEMINI_GENERATE,
    write_request=gemini_generate_request.write_request,
    read_reply=gemini_generate_reply.read_reply,
    decoder=GeminiDecoder,
    same=Same(
        request=gemini_generate.pass_request,
        summary=gemini_generate_reply.summarise,
        reader=lambda asked: PassingReader(GeminiDecoder(asked)),
    ),
)

BEDROCK_CONVERSE = ProviderSide(
    dialect=DialectName.BEDROCK_CONVERSE,
    write_request=bedrock_converse_request.write_request,
    read_reply=bedrock_converse.read_reply,
    decoder=bedrock_converse.BedrockDecoder,
)

CALLERS: Mapping[DialectName, CallerSide] = MappingProxyType(
    {
        side.dialect: side
        for side in (
            CallerSide(
                dialect=DialectName.OPENAI_CHAT,
                read_asked=openai_chat.read_asked,
                read_request=openai_chat_request.read_request,
                write_reply=openai_chat_reply.write_reply,
                encoder=OpenAIChatEncoder,
            ),
            CallerSide(
                dialect=DialectName.OPENAI_COMPLETIONS,
                read_asked=openai_completions.read_asked,
                read_request=openai_completions.read_request,
                write_reply=openai_completions.write_reply,
                encoder=CompletionsEncoder,
            ),
            CallerSide(
                dialect=DialectName.ANTHROPIC_MESSAGES,
                read_asked=anthropic_messages.read_asked,
                read_request=anthropic_messages_request.read_request,
                write_reply=anthropic_messages_reply.write_reply,
                encoder=AnthropicEncoder,
            ),
            CallerSide(
                dialect=DialectName.GEMINI_GENERATE,
                read_asked=gemini_generate.read_asked,
                read_request=gemini_generate_request.read_request,
                write_reply=gemini_generate_reply.write_reply,
                encoder=GeminiEncoder,
            ),
        )
    }
)
"""The formats that callers may speak."""
