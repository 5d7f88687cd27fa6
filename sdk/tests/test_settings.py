"""Where a client's settings come from, and which are refused."""

import pytest

import gatepost
from gatepost._settings import Settings, from_options, resolve


def resolved(**options):
    return resolve(from_options(options))


def test_the_defaults():
    settings = resolved()
    assert (settings.url, settings.seconds, settings.api_key) == ("http://localhost:41002", 30.0, None)
    assert settings.retries.max_retries == 2
    assert settings.fallback is None


def test_the_nearer_word_wins(monkeypatch):
    monkeypatch.setenv("GATEPOST_API_KEY", "gp_env_x")
    monkeypatch.setenv("GATEPOST_BASE_URL", "http://env/")
    assert (resolved().api_key, resolved().url) == ("gp_env_x", "http://env")
    gatepost.configure(base_url="http://configured", timeout=5)
    assert (resolved().api_key, resolved().url, resolved().seconds) == ("gp_env_x", "http://configured", 5)
    assert resolved(base_url="http://passed").url == "http://passed"
    gatepost.configure()
    assert resolved().url == "http://env"


def test_headers_are_joined():
    gatepost.configure(headers={"a": "1", "b": "1"})
    assert resolved(headers={"b": "2"}).headers == {"a": "1", "b": "2"}
    assert resolved().headers == {"a": "1", "b": "1"}


def test_retries_is_the_short_form():
    assert resolved(retries=0).retries.max_retries == 0
    config = gatepost.RetryConfig(backoff_max=1.0)
    assert resolved(retries=7, retry_config=config).retries == gatepost.RetryConfig(max_retries=7, backoff_max=1.0)


def test_an_endless_timeout():
    assert resolved(timeout=float("inf")).seconds is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"base_url": "localhost:41002"}, "not an http or https address"),
        ({"base_url": "http://"}, "not an http or https address"),
        ({"base_url": "http://a b"}, "not an http or https address"),
        ({"base_url": "http://h:0"}, "not an http or https address"),
        ({"base_url": "http://h:99999"}, "its port"),
        ({"base_url": "http://[::1"}, "its host"),
        ({"base_url": "http://h/x?y=1"}, "a query or a fragment"),
        ({"base_url": "http://me:CANARY@h"}, "^`base_url` holds credentials: the key goes into `api_key`"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": "30"}, "timeout"),
        ({"retries": "2"}, "`retries`"),
        ({"headers": {"x-a": "b\r\nc: d"}}, "`headers: x-a`"),
        ({"headers": {"x-a": 5}}, "`headers: x-a`"),
        ({"api_key": b"gp_a_b"}, "`api_key`"),
        ({"timeout": float("nan")}, "timeout"),
        ({"retries": -1}, "negative"),
        ({"polcy": 1}, "no option `polcy`"),
        ({"mock": True, "offline": True}, "say one"),
        ({"user_id": "a\nb"}, "`user_id`"),
        ({"retries": 1, "headers": {}, "fallback_api_key": "sk-a b"}, "`fallback_api_key` is empty, or holds"),
        ({"fail_open": True}, "`fallback_provider_url`, `fallback_api_key`, `fallback_model` not set"),
        ({"fail_open": True, "fallback_provider_url": "http://f", "fallback_model": "m"}, ": `fallback_api_key` not"),
    ],
)
def test_what_cannot_work_is_refused_at_once(wrong, said):
    for way in (gatepost.configure, gatepost.Client, gatepost.AsyncClient):
        with pytest.raises(gatepost.ConfigurationError, match=said):
            way(**wrong)


def test_an_address_may_have_a_path_and_what_was_pasted_around_it():
    assert resolved(base_url=" HTTPS://gateway.test/base/ ").url == "HTTPS://gateway.test/base"


def test_what_is_not_supported_may_be_switched_off():
    gatepost.configure(mock=False, offline=False, fail_open=False)
    assert resolved().fail_open is False


def test_secrets_do_not_print():
    settings = Settings(
        api_key="gp_a_secret",
        headers={"authorization": "Bearer secret"},
        fallback_api_key="secret",
        fallback_provider_url="http://f",
        fallback_model="m",
    )
    assert "secret" not in repr(settings) + repr(settings.fallback)


@pytest.mark.parametrize("key", ["", "gp_a_b\n", "gp a b", "gp_ä_b"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(key, monkeypatch):
    for way in (gatepost.Client, gatepost.AsyncClient, lambda api_key: gatepost.configure(api_key=api_key)):
        with pytest.raises(gatepost.ConfigurationError, match="`api_key`") as caught:
            way(key)
        assert not key or key not in str(caught.value)
    monkeypatch.setenv("GATEPOST_API_KEY", key or " ")
    with pytest.raises(gatepost.ConfigurationError, match="`api_key`"):
        gatepost.Client()
