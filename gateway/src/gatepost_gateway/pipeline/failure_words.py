"""What a provider says of its own failure may quote what the model wrote: such words pass the response gate too."""

from collections.abc import Iterator

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
    """Takes the provider's words out of `error` and of the record, where a rule would not let them out as an answer."""
    engine = call.engine
    if engine is None or not engine.stage(Phase.RESPONSE).texts:
        return
    stage = engine.stage(Phase.RESPONSE)
    tallies = Tallies(Phase.RESPONSE, stage.texts, engine.key)
    for leaf in _words(error):
        Whole(leaf).hear(ears_of(stage, leaf.place), tallies)
    ruling = tallies.ruling(dict)
    if ruling.effect is Effect.ALLOW:
        return
    said = error.public
    answered = f" answered {error.upstream_status}" if error.upstream_status is not None else " failed"
    error.body = b""
    error.public = f"{error.provider or 'the provider'}{answered}: its words are held back by the rule `{ruling.rule}`"
    call.record.attempts = tuple(
        structs.replace(one, detail=error.public) if one.detail == said else one for one in call.record.attempts
    )
    _note(call, ruling)


def _words(error: UpstreamError) -> Iterator[Leaf]:
    yield Leaf(("error", "message"), Place.ASSISTANT, error.public)
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
