"""A call between a caller's format and a provider's: the same bytes where they agree, the same meaning where not."""

from gatepost_gateway.dialects.envelope import too_deep
from gatepost_gateway.dialects.members import TOO_DEEP, Malformed
from gatepost_gateway.dialects.notes import Notes, summary_of
from gatepost_gateway.dialects.registry import CALLERS
from gatepost_gateway.dialects.sides import EventDecoder, EventEncoder, ProviderSide, Shape
from gatepost_gateway.domain.chat import Asked
from gatepost_gateway.domain.conversation import Event, Losses
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.ports import StreamReader, Summary


def write_request(asked: Asked, side: ProviderSide, shape: Shape) -> tuple[bytes, tuple[str, ...]]:
    """The body for the provider, and the names of what it could not carry.

    Raises CallerError (400) for a request that its own format does not allow.
    """
    losses = Losses()
    try:
        if side.same is not None and asked.dialect is side.dialect:
            return side.same.request(asked, shape), ()
        conversation = CALLERS[asked.dialect].read_request(asked)
        return side.write_request(conversation, shape, losses), losses.names
    except Malformed as error:
        raise CallerError(f"the request body is not valid: {error}") from None
    except RecursionError:
        raise too_deep() from None


def read_answer(asked: Asked, side: ProviderSide, body: bytes) -> tuple[bytes, Summary]:
    """A whole answer in the caller's format. Raises ValueError when it is not what the provider's format promises."""
    if side.same is not None and asked.dialect is side.dialect:
        return body, side.same.summary(body)
    losses = Losses()
    try:
        reply = side.read_reply(body)
        translated = CALLERS[asked.dialect].write_reply(reply, asked, losses)
    except RecursionError:
        raise Malformed(TOO_DEEP) from None
    summary = summary_of(reply)
    summary.lossy = losses.names
    return translated, summary


def stream_reader(asked: Asked, side: ProviderSide) -> StreamReader:
    """Reads the provider's stream and hands on the caller's."""
    if side.same is not None and asked.dialect is side.dialect:
        return side.same.reader(asked)
    losses = Losses()
    return TranslatingReader(side.decoder(asked), CALLERS[asked.dialect].encoder(asked, losses), losses)


class TranslatingReader:
    """Implements `ports.StreamReader` between two formats."""

    __slots__ = ("_decoder", "_encoder", "_losses", "_notes", "ended", "summary")

    def __init__(self, decoder: EventDecoder, encoder: EventEncoder, losses: Losses) -> None:
        self._decoder = decoder
        self._encoder = encoder
        self._losses = losses
        self._notes = Notes()
        self.summary = self._notes.summary
        self.ended = False

    @property
    def spoke(self) -> bool:
        return self._notes.spoke

    @property
    def tokens(self) -> int:
        return self._notes.tokens

    def feed(self, data: bytes) -> bytes:
        try:
            return self._hand_on(self._decoder.feed(data))
        except RecursionError:
            raise Malformed(TOO_DEEP) from None

    def close(self) -> bytes:
        """The last bytes, where the end of the body is the end of the answer too."""
        return self._hand_on(self._decoder.close())

    def _hand_on(self, events: list[Event]) -> bytes:
        out: list[bytes] = []
        for event in events:
            self._notes.take(event)
            out.append(self._encoder.encode(event))
        self.summary.lossy = self._losses.names
        self.ended = self._decoder.ended
        return b"".join(out)
