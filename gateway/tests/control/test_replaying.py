import msgspec

from gatepost_gateway.control.replaying import Difference, replay
from gatepost_gateway.domain.governance import Decision, Effect, Mode
from gatepost_gateway.domain.routing import Route, Source

from ..policy.test_rejudge import MAIL, SCRUB, TITAN, call, kept, version

SAID = Decision("titan", "keyword", "request", Mode.ENFORCE, Effect.BLOCK)
CALLS = [(call(SAID), kept("titan")), (call(), kept("atlas")), (call(), None)]


def test_the_same_policy_differs_in_nothing() -> None:
    done = replay(CALLS, 10, version(TITAN), lambda _: version(TITAN))
    assert (done.calls, done.unchanged, done.not_rejudgeable, done.samples, done.cut) == (3, 3, 0, [], False)


def test_differences_are_counted_and_shown() -> None:
    atlas = {**TITAN, "settings": {"terms": ["atlas"]}}
    done = replay(CALLS, 10, version(atlas), lambda _: version(TITAN))
    assert (done.blocked, done.unchanged, done.not_rejudgeable) == (Difference(1, 1), 0, 1)
    assert [(one.before, one.after, one.rule) for one in done.samples] == [
        ("block", "allow", "titan"),
        ("allow", "block", "titan"),
    ]
    assert [(one.rule, one.reason, one.calls) for one in done.not_judged] == [("titan", "text was not stored", 1)]


def test_a_lost_version_is_told_and_a_limit_cuts() -> None:
    done = replay(CALLS, 2, version(TITAN), lambda _: None)
    assert (done.calls, done.not_rejudgeable, done.cut) == (2, 2, True)


def test_calls_that_would_go_where_what_is_private_goes_are_counted() -> None:
    secure = msgspec.structs.replace(version(SCRUB), secure=frozenset({"p"}))
    mail = [(call(), kept("[EMAIL]", MAIL))]
    mail[0][0].route = Route("m", Source.AUTO, "short", "simple")
    assert replay(mail, 9, secure, lambda _: version()).rerouted == Difference(1, 0)
    assert replay(mail, 9, version(SCRUB), lambda _: version()).rerouted == Difference(0, 0)
    mail[0][0].route = Route("m", Source.EXPLICIT, "asked for")
    assert replay(mail, 9, secure, lambda _: version()).rerouted == Difference(0, 0)


def test_a_call_that_went_there_and_would_not_counts_as_less() -> None:
    said = Decision("scrub", "pii-detector", "request", Mode.ENFORCE, Effect.REDACT, signals=("pii",))
    record = call(said)
    record.route = Route("m", Source.AUTO, "pii was found", "secure")
    before = msgspec.structs.replace(version(SCRUB), secure=frozenset({"p"}))
    draft = msgspec.structs.replace(version(), secure=frozenset({"p"}))
    assert replay([(record, kept("[EMAIL]", MAIL))], 9, draft, lambda _: before).rerouted == Difference(0, 1)
    assert replay([(record, None)], 9, before, lambda _: before).rerouted == Difference(0, 0)
