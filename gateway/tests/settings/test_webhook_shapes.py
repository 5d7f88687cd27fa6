from typing import Any

import pytest

from gatepost_gateway.settings import ConfigurationError, Elsewhere
from gatepost_gateway.settings.file import parse

HOOK = "{id: ops, url: 'https://x.test/in', secret: {env: HOOK}%s}"


def mistakes(entry: str, elsewhere: Elsewhere | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse(f"webhooks: [{entry}]", elsewhere=elsewhere)
    return [problem.message for problem in caught.value.problems]


def hook(more: str = "") -> Any:
    (found,) = parse(f"webhooks: [{HOOK % more}]").layer.webhooks
    return found


def test_a_webhook_of_the_file() -> None:
    plain = hook()
    assert (plain.id, plain.url, plain.secret.env) == ("ops", "https://x.test/in", "HOOK")
    assert (plain.events, plain.thresholds, plain.enabled, plain.previous_secret) == ((), (50, 80, 100), True, None)
    full = hook(
        ", events: [key.paused], project: p, thresholds: [90], enabled: false, previous_secret: {file: old},"
        " error_spikes: {share: 0.5, calls: 10, minutes: 2}"
    )
    assert (full.events, full.thresholds, full.project) == (("key.paused",), (90,), "p")
    assert (full.error_spikes.share, full.error_spikes.calls, full.error_spikes.calm_share) == (0.5, 10, 0.1)
    assert full.previous_secret.file == "old"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (HOOK % ", events: [key.puased]", "did you mean `key.paused`"),
        (HOOK % ", events: [webhook.test]", "is not one of"),
        (HOOK % ", events: []", "at least 1"),
        (HOOK % ", thresholds: [0]", "at least 1"),
        (HOOK % ", thresholds: [101]", "at most 100"),
        (HOOK % ", error_spikes: {share: 0.05}", "`calm_share` must not be more"),
        (HOOK % ", error_spikes: {share: 2}", "more than 0 and at most 1"),
        (HOOK % ", error_spikes: {share: x}", "a number between 0 and 1"),
        (HOOK % ", secrets: 1", "did you mean `secret`"),
        ("{id: ops, url: 'https://x.test'}", "secret"),
        ("{id: ops, url: 'https://x.test', secret: abc}", "must name where the secret is kept"),
        ("{id: a/b, url: 'https://x.test', secret: {env: H}}", "letters, digits"),
        ("{id: ops, url: 'ftp://x.test', secret: {env: H}}", "http"),
        ("{id: ops, url: 'sandbox://x', secret: {env: H}}", "must begin with http"),
        ("{id: ops, url: 'https://u:p@x.test', secret: {env: H}}", "no user name"),
    ],
)
def test_mistakes(entry: str, words: str) -> None:
    assert any(words in one for one in mistakes(entry)), mistakes(entry)


def test_names_must_mean_something() -> None:
    assert "project `nope` is not declared" in mistakes(HOOK % ", project: nope", Elsewhere())[0]
    assert "stands twice" in mistakes(f"{HOOK % ''}, {HOOK % ''}", Elsewhere())[0]
    assert "was made by the API" in mistakes(HOOK % "", Elsewhere(webhooks=["ops"]))[0]
