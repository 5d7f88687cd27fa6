"""Every wire format, by the side it faces. What is not here is not spoken."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from gatepost_gateway.dialects import (
    anthropic_messages,
    anthropic_messages_reply,
    anthropic_messages_request,
    bedrock_converse,
    bedrock_converse_request,
    bedrock_embed,
    bedrock_images,
    gemini_embed,
    gemini_generate,
    gemini_generate_reply,
    gemini_generate_request,
    openai_chat,
    openai_chat_reply,
    openai_chat_request,
    openai_completions,
    openai_embeddings,
    openai_images,
    openai_responses,
    openai_responses_events,
    openai_responses_reply,
    openai_responses_request,
    openai_responses_write,
)
from gatepost_gateway.dialects.anthropic_messages_events import AnthropicDecoder, AnthropicEncoder
from gatepost_gateway.dialects.gemini_generate_stream import GeminiDecoder, GeminiEncoder
from gatepost_gateway.dialects.openai_chat_events import OpenAIChatDecoder, OpenAIChatEncoder
from gatepost_gateway.dialects.openai_chat_stream import OpenAIChatReader
from gatepost_gateway.dialects.openai_completions_stream import CompletionsEncoder, CompletionsReader
from gatepost_gateway.dialects.openai_responses_events import ResponsesEncoder
from gatepost_gateway.dialects.openai_responses_stream import ResponsesDecoder
from gatepost_gateway.dialects.passing import PassingReader
from gatepost_gateway.dialects.sides import CallerSide, ProviderSide, Same, WholeCaller, WholeProvider, WholeSame
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.making import Embedding, Picture, Pictures, Vectors

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

OPENAI_RESPONSES = ProviderSide(
    dialect=DialectName.OPENAI_RESPONSES,
    write_request=openai_responses_write.write_request,
    read_reply=openai_responses_reply.read_reply,
    decoder=ResponsesDecoder,
    same=Same(
        request=openai_responses.pass_request,
        summary=openai_responses_reply.summarise,
        reader=lambda asked: PassingReader(ResponsesDecoder(asked)),
    ),
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

OPENAI_EMBEDDINGS = WholeProvider[Embedding, Vectors](
    write_request=openai_embeddings.write_request,
    read_reply=openai_embeddings.read_reply,
    summary_of=openai_embeddings.summary_of,
    same=WholeSame(
        dialects=frozenset({DialectName.OPENAI_EMBEDDINGS}),
        request=openai_embeddings.pass_request,
        summary=openai_embeddings.summarise,
    ),
)

GEMINI_EMBED = WholeProvider[Embedding, Vectors](
    write_request=gemini_embed.write_request,
    read_reply=gemini_embed.read_reply,
    summary_of=openai_embeddings.summary_of,
    same=WholeSame(
        dialects=frozenset({DialectName.GEMINI_EMBED, DialectName.GEMINI_BATCH_EMBED}),
        request=gemini_embed.pass_request,
        summary=gemini_embed.summarise,
    ),
)

BEDROCK_EMBED = WholeProvider[Embedding, Vectors](
    write_request=bedrock_embed.write_request,
    read_reply=bedrock_embed.read_reply,
    summary_of=openai_embeddings.summary_of,
)

OPENAI_IMAGES = WholeSame(
    dialects=frozenset({DialectName.OPENAI_IMAGES}),
    request=openai_images.pass_request,
    summary=openai_images.summarise,
)
"""All callers that ask for pictures speak this format."""

BEDROCK_IMAGES = WholeProvider[Picture, Pictures](
    write_request=bedrock_images.write_request,
    read_reply=bedrock_images.read_reply,
    summary_of=bedrock_images.summary_of,
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
                dialect=DialectName.OPENAI_RESPONSES,
                read_asked=openai_responses.read_asked,
                read_request=openai_responses_request.read_request,
                write_reply=openai_responses_events.write_reply,
                encoder=ResponsesEncoder,
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

WHOLE_CALLERS: Mapping[DialectName, WholeCaller[Any, Any]] = MappingProxyType(
    {
        DialectName.OPENAI_EMBEDDINGS: WholeCaller(
            read_asked=openai_embeddings.read_asked,
            read_request=openai_embeddings.read_request,
            write_reply=openai_embeddings.write_reply,
        ),
        DialectName.OPENAI_IMAGES: WholeCaller(
            read_asked=openai_images.read_asked,
            read_request=openai_images.read_request,
            write_reply=openai_images.write_reply,
        ),
        DialectName.GEMINI_EMBED: WholeCaller(
            read_asked=gemini_embed.read_single,
            read_request=gemini_embed.read_request,
            write_reply=gemini_embed.write_reply,
        ),
        DialectName.GEMINI_BATCH_EMBED: WholeCaller(
            read_asked=gemini_embed.read_batch,
            read_request=gemini_embed.read_request,
            write_reply=gemini_embed.write_reply,
        ),
    }
)
"""The formats that callers may speak for what is never streamed."""
