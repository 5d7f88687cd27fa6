from gatepost_gateway.control.replaying import Difference, replay
from gatepost_gateway.domain.governance import Decision, Effect, Mode

from ..policy.test_rejudge import TITAN, call, kept, version

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
