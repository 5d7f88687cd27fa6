"""Every wire format, by the side it faces. What is not here is not spoken."""

from collections.abc import Mapping
from types import MappingProxyType

from gatepost_gateway.dialects import openai_chat, openai_chat_reply, openai_chat_request
from gatepost_gateway.dialects.openai_chat_events import OpenAIChatDecoder, OpenAIChatEncoder
from gatepost_gateway.dialects.openai_chat_stream import OpenAIChatReader
from gatepost_gateway.dialects.sides import CallerSide, ProviderSide, Same
from gatepost_gateway.domain.chat import DialectName

OPENAI_CHAT = ProviderSide(
    dialect=DialectName.OPENAI_CHAT,
    write_request=openai_chat_request.write_request,
    read_reply=openai_chat_reply.read_reply,
    decoder=OpenAIChatDecoder,
    same=Same(request=openai_chat.pass_request, summary=openai_chat.summarise, reader=OpenAIChatReader),
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
        )
    }
)
"""The formats that callers may speak."""
