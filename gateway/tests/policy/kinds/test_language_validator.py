"""`language-validator`."""

import time
from typing import Any

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.kinds.language_validator import LANGUAGES, SCRIPTS
from gatepost_gateway.policy.loading import load_rule
from tests.policy.kinds.making import judged, spec
from tests.policy.kit import answered, asking, facts_of

RUSSIAN = "Расскажи мне о погоде в Москве"


def effect(text: str, **settings: Any) -> Effect:
    return judged(facts_of(text), "language-validator", **settings).effect


def test_letters_of_other_scripts() -> None:
    assert effect("Tell me about the weather, à Paris, in Łódź", allowed_scripts=["Latin"]) is Effect.ALLOW
    assert effect(RUSSIAN, allowed_scripts=["Latin"]) is Effect.BLOCK
    assert effect(RUSSIAN, allowed_scripts=["Latin", "Cyrillic"]) is Effect.ALLOW
    assert effect("hello there you", allowed_scripts=["Greek"]) is Effect.BLOCK


def test_a_name_is_no_other_language() -> None:
    text = "Please write a letter to Иван in Moscow about the contract that we signed last year"
    assert effect(text, allowed_scripts=["Latin"]) is Effect.ALLOW
    assert effect(text, allowed_scripts=["Latin"], tolerance=0) is Effect.BLOCK


def test_few_letters_say_nothing() -> None:
    assert effect("да! 123 ☃", allowed_scripts=["Latin"]) is Effect.ALLOW
    assert effect("да", allowed_scripts=["Latin"], min_letters=1) is Effect.BLOCK


def test_denied_scripts() -> None:
    assert effect(RUSSIAN, denied_scripts=["Cyrillic"]) is Effect.BLOCK
    assert effect("你好世界你好世界", denied_scripts=["Cyrillic"]) is Effect.ALLOW


def test_languages_that_their_script_tells() -> None:
    assert effect("こんにちは世界、コーヒーをください", allowed_languages=["ja"]) is Effect.ALLOW
    assert effect("안녕하세요 세계 여러분", allowed_languages=["ja"]) is Effect.BLOCK


def test_answers_and_places() -> None:
    assert judged(answered(RUSSIAN), "language-validator", allowed_scripts=["Latin"]).effect is Effect.BLOCK
    facts = asking(messages=[{"role": "system", "content": RUSSIAN}, {"role": "user", "content": "hello"}])
    assert judged(facts, "language-validator", allowed_scripts=["Latin"]).effect is Effect.ALLOW


def test_an_alert_is_recorded_only() -> None:
    ruling = judged(facts_of(RUSSIAN), "language-validator", allowed_scripts=["Latin"], action="alert")
    assert (ruling.effect, ruling.decisions[0].code) == (Effect.ALLOW, "script")


def test_a_hostile_text_costs_little() -> None:
    began = time.thread_time()
    effect("aбaб " * 50_000, allowed_scripts=["Latin"])
    assert time.thread_time() - began < 1


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_is_known_to_the_expressions(name: str) -> None:
    assert load_rule(spec("language-validator", allowed_scripts=[name]), Toolbox())


def test_every_language_names_scripts() -> None:
    assert {script for scripts in LANGUAGES.values() for script in scripts} <= set(SCRIPTS)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"allowed_scripts": ["Latin"], "denied_scripts": ["Greek"]},
        {"allowed_scripts": ["Klingon"]},
        {"allowed_languages": ["en"]},
        {"allowed_scripts": ["Latin"], "tolerance": 2},
    ],
)
def test_what_it_cannot_tell_does_not_load(settings: dict[str, Any]) -> None:
    with pytest.raises(Unloadable):
        load_rule(spec("language-validator", **settings), Toolbox())
