"""Whose key may use which proxy, and where a proxy's calls may go."""

import hashlib

import pytest

from gatepost_gateway.domain.errors import CallerError, Code, Forbidden, Refused
from gatepost_gateway.domain.governance import Effect, Ruling
from gatepost_gateway.domain.routing import ModelPolicy
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import KeyEntry, KeyKind, ProviderKind, ProxyEntry, SnapshotDocument
from gatepost_gateway.pipeline.call import Presented

from .fakes import KEY, Answer, House, ScriptedTransport, chat, completion, entry, run, snapshot_of

OF_BOT = "gp_bot_secretsecretsecret"
OF_GONE = "gp_gone_secretsecretsecret"
BOT, OTHER = ProxyEntry("bot", "p"), ProxyEntry("other", "p")
ONE = (entry(),)
FOREIGN = ProxyEntry("foreign", "q")


def key(name, secret, proxy):
    return KeyEntry(name, KeyKind.RUNTIME, "", hashlib.sha256(secret.encode()).digest(), "org", "p", proxy=proxy)


def house(*proxies, models=ONE, answers=4, **more):
    keys = (key("bot", OF_BOT, "bot"), key("gone", OF_GONE, "none"))
    found = snapshot_of(*models, keys=keys, proxies=proxies or (BOT, OTHER, FOREIGN), **more)
    return House(found, ScriptedTransport(*(Answer(200, [completion()]) for _ in range(answers))))


def call(over, proxy=None, secret=OF_BOT, body=None, **more):
    inbound = over.inbound(body or chat(), key=secret, **more)
    shown = Presented(Secret(secret), proxy=proxy)
    import msgspec

    from .fakes import Outlet

    outlet = Outlet(over.recorder)
    made = over.exchange.open(msgspec.structs.replace(inbound, presented=shown))
    run(over.exchange.run(made, outlet))
    return outlet


@pytest.mark.parametrize(("secret", "proxy"), [(OF_BOT, "bot"), (OF_BOT, None), (KEY, "bot")])
def test_a_call_of_a_proxy_is_recorded_as_its(secret, proxy):
    over = house()
    assert call(over, proxy, secret).status == 200
    assert over.record.proxy == "bot"
    assert over.recorder.opened[0].proxy == "bot"


def test_a_key_without_a_proxy_makes_calls_of_its_own_too():
    over = house()
    call(over, None, KEY)
    assert over.record.proxy is None


@pytest.mark.parametrize(
    ("secret", "proxy", "words"),
    [
        (OF_BOT, "other", "another proxy"),
        (OF_BOT, "nowhere", "another proxy"),
        (KEY, "foreign", "another project"),
        (OF_GONE, None, "does not exist any more"),
    ],
)
def test_another_proxys_path_is_forbidden(secret, proxy, words):
    over = house()
    with pytest.raises(Forbidden, match=words):
        call(over, proxy, secret)
    assert over.transport.asked == []
    assert over.record.session_id is not None


def test_a_proxy_that_is_not_there_is_not_found():
    with pytest.raises(CallerError, match="no proxy `nowhere`") as caught:
        call(house(), "nowhere", KEY)
    assert caught.value.status == 404


def test_an_unknown_key_is_unknown_whatever_proxy_it_names():
    for proxy in ("bot", "nowhere"):
        with pytest.raises(Exception, match="unknown API key"):
            call(house(), proxy, "gp_x_unknown")


def test_sessions_of_two_proxies_are_apart():
    over = house()
    first = call(over, "bot", KEY)
    session = first.headers[b"x-gatepost-session-id"]
    with pytest.raises(Forbidden, match="another project or proxy"):
        call(over, "other", KEY, headers={b"x-gatepost-session-id": session})
    body = {
        "model": "m",
        "messages": [*chat()["messages"], {"role": "assistant", "content": "hi"}, *chat()["messages"]],
    }
    assert call(over, "other", KEY, body=body).headers[b"x-gatepost-session-id"] != session


def test_models_and_providers_of_a_proxy():
    other = entry("claude", provider=ProviderKind.ANTHROPIC)
    for proxy in (ProxyEntry("bot", "p", models=("m",)), ProxyEntry("bot", "p", providers=(ProviderKind.OPENAI,))):
        over = house(proxy, models=(entry(), other))
        assert call(over).status == 200
        with pytest.raises(Forbidden, match="does not allow model `claude`") as caught:
            call(over, body=chat(model="claude"))
        assert caught.value.code is Code.MODEL_NOT_ALLOWED
        assert call(over, None, KEY).status == 200


def test_a_fallback_that_the_proxy_does_not_allow_is_left_out():
    models = (entry(), entry("spare"))
    over = house(ProxyEntry("bot", "p", models=("m",)), models=models, fallbacks={"m": ("spare",)})
    over.transport.answers.insert(0, Answer(503, [b"{}"]))
    over.transport.answers.insert(0, Answer(503, [b"{}"]))
    with pytest.raises(Exception, match=r"503|overloaded|failed"):
        call(over)
    assert {attempt.model for attempt in over.record.attempts} == {"m"}


def test_every_call_goes_to_the_target_model():
    over = house(ProxyEntry("bot", "p", target_model="fixed"), models=(entry(), entry("fixed", identifier="m")))
    call(over, body=chat(model="anything"))
    assert over.record.model == "fixed"
    assert over.transport.asked[0].body.count(b'"model":"m"') == 1
    assert over.record.model_asked == "anything"


def test_a_proxys_own_default_and_model_policy():
    proxy = ProxyEntry("bot", "p", default_model="m", model_policy=ModelPolicy.TIER)
    over = house(proxy)
    with pytest.raises(Forbidden, match="tiers only"):
        call(over)
    assert call(over, None, KEY).status == 200
    assert over.snapshot.project_of("p", "bot").default_model == "m"
    assert over.snapshot.project_of("p", None) is over.snapshot.projects["p"]


def test_a_block_on_a_proxys_path_is_veiled_and_nothing_is_sent():
    over = House(
        snapshot_of(entry(), keys=(key("bot", OF_BOT, "bot"),), proxies=(BOT,)),
        ScriptedTransport(),
        lambda call: Ruling(Effect.BLOCK, rule="tools", reason="delete_all is not allowed"),
    )
    for proxy, veiled in (("bot", True), (None, False)):
        with pytest.raises(Refused) as caught:
            call(over, proxy)
        assert caught.value.veiled is veiled
        assert over.record.message == "delete_all is not allowed"
    assert over.transport.asked == []


def test_a_document_without_proxies_knows_none():
    assert SnapshotDocument(1, 1).proxies == ()
