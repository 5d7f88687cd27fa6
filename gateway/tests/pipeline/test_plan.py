import time

import msgspec
import pytest

from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import Inference, ProviderKind, Sealed, Snapshot
from gatepost_gateway.pipeline.decode import decode
from gatepost_gateway.pipeline.plan import Planner
from gatepost_gateway.providers import PROVIDERS

from .fakes import Answer, House, ScriptedTransport, chat, completion, entry, run, snapshot_of


def planned(snapshot, model, passed=None, headers=None, sight=None, **slots):
    """A call with its plan; `slots` are what earlier stages may have put into it."""
    house = House(snapshot)
    call = house.exchange.open(house.inbound(chat(model=model), headers))
    call.project, call.asked = snapshot.projects["p"], decode(call.inbound)
    for name, value in slots.items():
        setattr(call, name, value)
    call.plan = Planner(PROVIDERS, sight or house.sight).plan(call, passed)
    return call


def targets(snapshot, model, passed=None, **more):
    return planned(snapshot, model, passed, **more).plan.targets


def ids_of(found):
    return [target.entry.id for target in found]


def test_an_entry_is_followed_by_its_fallbacks_that_this_project_may_call():
    snapshot = snapshot_of(
        entry("a"),
        entry("b"),
        entry("theirs", project="q"),
        entry("other", operations=("embeddings",)),
        entry("images", operations=("images",)),
        fallbacks={"a": ("gone", "theirs", "other", "images", "b")},
    )
    assert ids_of(targets(snapshot, "a")) == ["a", "b"]
    assert ids_of(targets(snapshot, "b")) == ["b"]


def test_each_target_has_its_price_and_its_own_credential():
    snapshot = snapshot_of(entry("a"), entry("b", prices=None, credential=None), fallbacks={"a": ("b",)})
    first, second = targets(snapshot, "a")
    assert (first.prices, first.credential) == (first.entry.prices, first.entry.credential)
    assert (second.prices, second.credential, second.passed) == (None, None, None)


def test_of_two_meanings_the_one_that_can_do_it_is_taken():
    snapshot = snapshot_of(entry("one", identifier="gpt", operations=("embeddings",)), entry("two", identifier="gpt"))
    assert ids_of(targets(snapshot, "gpt")) == ["two"]


def test_what_no_meaning_can_do_is_unsupported():
    snapshot = snapshot_of(entry("g", provider=ProviderKind.GEMINI, operations=("embeddings",)))
    with pytest.raises(CallerError, match="does not support chat") as caught:
        targets(snapshot, "g")
    assert (caught.value.status, caught.value.code) == (422, Code.UNSUPPORTED_OPERATION)


@pytest.mark.parametrize(
    ("name", "words"),
    [("gpt-4o-mni", "did you mean `gpt-4o-mini`"), ("zzz", "GET /v1/models"), ("q" * 512, "GET /v1/models")],
)
def test_an_unknown_name_is_a_404_that_helps(name, words):
    snapshot = snapshot_of(entry("gpt-4o-mini"), entry("gpt-4o-mini-theirs", project="q"))
    with pytest.raises(CallerError, match=words) as caught:
        targets(snapshot, name)
    assert (caught.value.status, caught.value.code) == (404, Code.MODEL_NOT_FOUND)
    assert "theirs" not in caught.value.public
    assert len(caught.value.public) < 400


def test_a_wrong_name_among_many_models_does_not_stop_the_loop():
    snapshot = snapshot_of(*[entry(f"model-number-{number}") for number in range(2000)])
    began = time.perf_counter()
    with pytest.raises(CallerError):
        targets(snapshot, "x" * 512)
    assert time.perf_counter() - began < 1


def test_a_passed_key_chooses_the_targets():
    snapshot = snapshot_of(
        entry("a"),
        entry("az", provider=ProviderKind.AZURE),
        entry("bare", provider=ProviderKind.INTERNAL, credential=None),
        fallbacks={"a": ("az", "bare")},
        pass_through_provider=ProviderKind.OPENAI,
    )
    first, second = targets(snapshot, "a", Secret("sk-mine"))
    assert (first.passed.reveal(), first.credential) == ("sk-mine", None)
    assert (second.passed, second.credential) == (None, second.entry.credential)
    with pytest.raises(CallerError, match="passed through"):
        targets(snapshot, "bare", Secret("sk-mine"))


def test_a_name_that_was_inferred_is_not_called_without_a_key():
    inferred = Inference(ProviderKind.OPENAI, "https://api.openai.com/v1", ("gpt-",))
    house = House(Snapshot(msgspec.structs.replace(snapshot_of().document, inferred=(inferred,))))
    with pytest.raises(CallerError, match="no stored provider key") as caught:
        run(house.call(chat(model="gpt-4o-mini")))
    assert (caught.value.code, caught.value.status) == ("provider_key_missing", 422)


def test_a_declared_server_may_need_no_key():
    house = House(snapshot_of(entry(credential=None)), ScriptedTransport(Answer(200, [completion()])))
    assert run(house.call(chat())).status == 200


@pytest.mark.parametrize("header", [b"x-gatepost-fallback", b"x-other-fallback"])
def test_a_caller_may_want_one_target_or_none(header):
    snapshot = snapshot_of(
        entry("a"),
        entry("b"),
        entry("one", identifier="gpt"),
        entry("two", identifier="gpt"),
        fallbacks={"a": ("b",)},
        header_prefixes=("x-other-",),
    )
    assert ids_of(targets(snapshot, "a", headers={header: b" OFF"})) == ["a"]
    assert ids_of(targets(snapshot, "gpt", headers={header: b"off"})) == ["one"]
    assert ids_of(targets(snapshot, "a", headers={header: b"on"})) == ["a", "b"]


def test_each_candidate_brings_its_fallbacks_and_none_comes_twice():
    snapshot = snapshot_of(
        *[entry(id) for id in "abcd"], tiers={"simple": ("a", "b")}, fallbacks={"a": ("b", "c"), "b": ("c", "d", "a")}
    )
    assert ids_of(targets(snapshot, "tier:simple")) == ["a", "b", "c", "d"]


def test_a_secure_call_falls_back_to_private_entries_only():
    snapshot = snapshot_of(
        entry("inside", is_public=False),
        entry("also-inside", is_public=False),
        entry("outside"),
        tiers={"secure": ("inside",), "simple": ("inside",)},
        fallbacks={"inside": ("outside", "also-inside")},
    )
    assert ids_of(targets(snapshot, "tier:secure")) == ["inside", "also-inside"]
    assert ids_of(targets(snapshot, "tier:simple")) == ["inside", "outside", "also-inside"]


def test_the_route_is_in_the_record():
    snapshot = snapshot_of(entry("a"), entry("b"), tiers={"simple": ("b", "a")})
    house = House(snapshot, ScriptedTransport(Answer(500, [b"{}"]), Answer(500, [b"{}"]), Answer(200, [completion()])))
    outlet = run(house.call(chat(model="auto")))
    route = house.record.route
    assert (route.model, route.source, route.tier) == ("b", "auto", "simple")
    assert route.rationale.startswith("complexity 0")
    assert house.record.model == "a"
    named = {name: outlet.headers[b"x-gatepost-" + name] for name in (b"model", b"provider", b"attempts", b"tier")}
    assert named == {b"model": b"a", b"provider": b"openai", b"attempts": b"3", b"tier": b"simple"}
    assert outlet.headers[b"x-gatepost-fallback"] == b"true"


def test_what_was_asked_by_name_and_answered_is_no_fallback():
    house = House(snapshot_of(entry("a")), ScriptedTransport(Answer(200, [completion()])))
    outlet = run(house.call(chat(model="a")))
    assert outlet.headers[b"x-gatepost-fallback"] == b"false"
    assert outlet.headers[b"x-gatepost-attempts"] == b"1"
    assert b"x-gatepost-tier" not in outlet.headers
    assert house.record.route.source == "explicit"


def test_what_a_call_continues_has_no_fallback():
    snapshot = snapshot_of(entry("a"), entry("b"), fallbacks={"a": ("b",)})
    assert ids_of(targets(snapshot, "anything", pinned="a")) == ["a"]


OWN = Sealed("k", b"sk-own")


def keyed(*models, **more):
    return snapshot_of(*models, own_keys={ProviderKind.OPENAI: OWN}, **more)


def test_a_projects_own_key_comes_before_the_registrys():
    snapshot = keyed(
        entry("home", at_home=True), entry("keyless", credential=None), entry("theirs"), fallbacks={"home": ("theirs",)}
    )
    assert [one.credential for one in targets(snapshot, "home")] == [OWN, snapshot.models["theirs"].credential]
    assert targets(snapshot, "keyless")[0].credential is OWN


def test_it_goes_to_its_own_provider_only():
    snapshot = keyed(entry("m", provider=ProviderKind.ANTHROPIC, at_home=True))
    assert targets(snapshot, "m")[0].credential is snapshot.models["m"].credential


def test_a_project_that_signed_itself_up_spends_nobody_elses_key():
    models = (
        entry("home", at_home=True),
        entry("keyless", credential=None),
        entry("elsewhere"),
        entry("internal", provider=ProviderKind.INTERNAL, credential=None),
        entry("bedrock", provider=ProviderKind.BEDROCK, credential=None),
    )
    without = snapshot_of(*models, own_keys_only=True)
    for name in ("home", "keyless", "elsewhere", "internal", "bedrock"):
        with pytest.raises(CallerError) as caught:
            targets(without, name)
        assert caught.value.code is Code.PROVIDER_KEY_MISSING
    assert targets(without, "sandbox/echo")[0].credential is None
    snapshot = keyed(*models, own_keys_only=True)
    assert targets(snapshot, "home")[0].credential is OWN
    for name in ("keyless", "elsewhere", "internal", "bedrock"):
        with pytest.raises(CallerError):
            targets(snapshot, name)
