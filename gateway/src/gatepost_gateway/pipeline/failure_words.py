"""What a provider says of its own failure may quote what the model wrote: such words pass the response gate too."""

from collections.abc import Iterable, Iterator

from msgspec import structs

from gatepost_gateway.dialects.leaves import open_answer
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.domain.errors import UpstreamError
from gatepost_gateway.domain.findings import Leaf, Place
from gatepost_gateway.domain.governance import Effect, Phase, Ruling
from gatepost_gateway.pipeline.call import Call
from gatepost_gateway.pipeline.judge import note
from gatepost_gateway.policy.held import Whole
from gatepost_gateway.policy.tallies import Tallies
from gatepost_gateway.policy.window import ears_of


def hold_back(call: Call, error: UpstreamError) -> None:
    """Takes the provider's words out of `error`, where a rule would not let them out as an answer."""
    ruling = _judged(call, _words(error))
    if ruling is not None:
        error.body, error.public = b"", _held(error, ruling)
        _note(call, ruling)


def recorded(call: Call, error: UpstreamError) -> str:
    """The provider's words as the record of an attempt may show them."""
    ruling = _judged(call, (_message(error),))
    return error.public if ruling is None else _held(error, ruling)


def _judged(call: Call, words: Iterable[Leaf]) -> Ruling | None:
    """What the rules say that read the texts of answers; None: nothing against these."""
    engine = call.engine
    if engine is None or not engine.stage(Phase.RESPONSE).texts:
        return None
    tallies = Tallies(Phase.RESPONSE, engine.stage(Phase.RESPONSE).texts, engine.key)
    for leaf in words:
        Whole(leaf).hear(ears_of(engine.stage(Phase.RESPONSE), leaf.place), tallies)
    ruling = tallies.ruling(dict)
    return None if ruling.effect is Effect.ALLOW else ruling


def _held(error: UpstreamError, ruling: Ruling) -> str:
    answered = f"answered {error.upstream_status}" if error.upstream_status is not None else "failed"
    return f"{error.provider or 'the provider'} {answered}: its words are held back by the rule `{ruling.rule}`"


def _message(error: UpstreamError) -> Leaf:
    return Leaf(("error", "message"), Place.ASSISTANT, error.public)


def _words(error: UpstreamError) -> Iterator[Leaf]:
    yield _message(error)
    if error.body:
        try:
            yield from open_answer(error.body).leaves
        except Malformed:
            yield Leaf(("error",), Place.ASSISTANT, error.body.decode("utf-8", "replace"))


def _note(call: Call, ruling: Ruling) -> None:
    """In the record, unless the rules have said there what they think of a stream."""
    if call.judged or call.gate is not None or call.engine is None:
        return
    call.judged = True
    spoke = tuple(one for one in ruling.decisions if one.effect is not Effect.ALLOW)
    names = {one.rule for one in spoke}
    rest = call.engine.not_run(Phase.RESPONSE, "there was no answer")
    note(call, structs.replace(ruling, decisions=spoke + tuple(one for one in rest if one.rule not in names)))
