import pytest

from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.errors import CallerError, Code, Forbidden
from gatepost_gateway.domain.routing import ModelPolicy
from gatepost_gateway.domain.snapshot import ProviderKind
from gatepost_gateway.pipeline.decode import decode
from gatepost_gateway.pipeline.routing import Choosing, choose
from gatepost_gateway.providers import PROVIDERS

from .fakes import House, chat, entry, snapshot_of

LONG = "word " * 8000
TIERS = {"simple": ("s",), "medium": ("m",), "complex": ("c",), "secure": ("private",)}


def choice(model, snapshot=None, text="hello", by_default=False, operation=Operation.CHAT, **slots):
    snapshot = snapshot or tiered()
    house = House(snapshot)
    call = house.exchange.open(house.inbound(chat(text, model), by_default=by_default))
    call.project, call.asked = snapshot.projects["p"], decode(call.inbound)
    call.asked.operation = operation
    for name, value in slots.items():
        setattr(call, name, value)
    return choose(call, Choosing(snapshot, call.project, call.asked, PROVIDERS))


def tiered(tiers=None, **more):
    entries = [entry("s"), entry("m"), entry("c"), entry("private", is_public=False), *more.pop("models", ())]
    return snapshot_of(*entries, tiers=TIERS if tiers is None else tiers, **more)


def ids(found):
    return [one.id for one in found.entries]


def told(found):
    return found.source.value, found.tier, ids(found)


def test_a_models_name_is_honoured_whatever_the_rule_would_say():
    assert told(choice("s", text=LONG)) == ("explicit", None, ["s"])
    assert told(choice("s", by_default=True)) == ("default", None, ["s"])


@pytest.mark.parametrize(("text", "tier"), [("hi", "simple"), ("word " * 2000, "medium"), (LONG, "complex")])
def test_auto_asks_the_rule(text, tier):
    found = choice("auto", text=text)
    assert told(found) == ("auto", tier, list(TIERS[tier]))
    assert found.rationale.startswith("complexity")


def test_a_tier_is_called_by_its_name():
    assert told(choice("tier:complex")) == ("tier", "complex", ["c"])
    assert told(choice("tier:complex", by_default=True)) == ("default", "complex", ["c"])
    assert told(choice("auto", by_default=True)) == ("default", "simple", ["s"])


def test_a_tier_that_does_not_exist_or_has_no_model_says_what_there_is():
    snapshot = tiered(
        {"simple": ("s",), "complex": ("gone",), "medium": ("theirs",)}, models=[entry("theirs", project="q")]
    )
    with pytest.raises(CallerError, match="there is no tier `huge`: `tier:simple` can be called") as caught:
        choice("tier:huge", snapshot)
    assert (caught.value.status, caught.value.code) == (404, Code.TIER_NOT_FOUND)
    for name in ("tier:secure", "tier:complex", "tier:medium"):
        with pytest.raises(CallerError, match="`tier:simple` can be called here") as caught:
            choice(name, snapshot)
        assert (caught.value.status, caught.value.code) == (422, Code.TIER_NOT_CONFIGURED)
    with pytest.raises(CallerError, match="no tier can be called here"):
        choice("auto", tiered({}))


def test_what_the_rule_wants_and_nobody_configured_is_taken_from_the_next_higher_tier_else_from_below():
    snapshot = tiered({"simple": ("s",), "complex": ("c",)})
    found = choice("auto", snapshot, text="word " * 2000)
    assert told(found) == ("auto", "complex", ["c"])
    assert found.rationale.endswith("`medium` is not configured")
    assert told(choice("auto", tiered({"simple": ("s",)}), text=LONG)) == ("auto", "simple", ["s"])
    with pytest.raises(CallerError, match="`tier:secure` can be called"):
        choice("auto", tiered({"secure": ("private",)}))


def test_a_projects_own_tiers_go_before_everybodys():
    snapshot = snapshot_of(
        entry("s"), entry("own"), document_tiers={"simple": ("s",), "medium": ("s",)}, tiers={"simple": ("own",)}
    )
    assert ids(choice("tier:simple", snapshot)) == ["own"]
    assert ids(choice("tier:medium", snapshot)) == ["s"]


@pytest.mark.parametrize("signal", ["pii", "secret", "injection"])
def test_what_the_request_gate_found_sends_a_call_to_secure_where_its_tier_is_chosen_here(signal):
    signals = frozenset({signal})
    found = choice("auto", signals=signals)
    assert told(found) == ("auto", "secure", ["private"])
    assert found.rationale == f"{signal} found"
    assert told(choice("tier:simple", signals=signals)) == ("forced", "secure", ["private"])
    assert told(choice("s", signals=signals)) == ("explicit", None, ["s"])
    assert told(choice("auto", signals=frozenset({"other"}))) == ("auto", "simple", ["s"])


def test_without_a_secure_tier_a_signal_changes_nothing_and_the_record_says_so():
    found = choice("auto", tiered({"simple": ("s",)}), signals=frozenset({"pii"}))
    assert told(found) == ("auto", "simple", ["s"])
    assert "no tier `secure` is configured" in found.rationale


def test_a_ruling_forces_a_tier_whatever_was_asked_and_fails_closed():
    assert told(choice("c", forced_tier="secure")) == ("forced", "secure", ["private"])
    with pytest.raises(CallerError) as caught:
        choice("c", tiered({"simple": ("s",)}), forced_tier="secure")
    assert caught.value.code is Code.TIER_NOT_CONFIGURED


def test_a_project_may_override_what_its_callers_name():
    snapshot = tiered(model_policy=ModelPolicy.OVERRIDE)
    assert told(choice("c", snapshot)) == ("forced", "simple", ["s"])
    assert told(choice("unheard-of", snapshot)) == ("forced", "simple", ["s"])
    assert told(choice("auto", snapshot)) == ("auto", "simple", ["s"])
    assert told(choice("tier:complex", snapshot)) == ("tier", "complex", ["c"])


def test_a_project_may_let_its_callers_name_tiers_only():
    snapshot = tiered(model_policy=ModelPolicy.TIER)
    with pytest.raises(
        Forbidden, match="`tier:simple`, `tier:medium`, `tier:complex`, `tier:secure`, or `auto`"
    ) as caught:
        choice("c", snapshot)
    assert caught.value.code is Code.MODEL_NOT_ALLOWED
    assert told(choice("tier:complex", snapshot)) == ("tier", "complex", ["c"])
    assert told(choice("c", snapshot, by_default=True)) == ("default", None, ["c"])


def test_entries_that_share_an_identifier_are_one_group():
    models = [
        entry("east", identifier="gpt"),
        entry("west", identifier="gpt"),
        entry("only-images", identifier="gpt", operations=("images",)),
    ]
    assert ids(choice("gpt", tiered(models=models))) == ["east", "west"]
    assert ids(choice("west", tiered(models=models))) == ["west"]
    named = entry("gpt", identifier="another")
    assert ids(choice("gpt", tiered(models=[*models, named]))) == ["gpt"]


def test_a_projects_own_entries_are_not_mixed_with_everybodys():
    models = [entry("all", identifier="gpt"), entry("own", identifier="gpt", project="p")]
    assert ids(choice("gpt", tiered(models=models))) == ["own"]


def test_nothing_is_sent_elsewhere_because_it_cannot_be_done_here():
    models = [entry("g", provider=ProviderKind.GEMINI, operations=("embeddings",))]
    snapshot = tiered({"simple": ("g",), "complex": ("c",)}, models=models)
    for name in ("g", "tier:simple"):
        with pytest.raises(CallerError, match=f"`{name}` \\(provider gemini\\) does not support chat") as caught:
            choice(name, snapshot)
        assert (caught.value.status, caught.value.code) == (422, Code.UNSUPPORTED_OPERATION)


def test_what_a_call_continues_pins_its_entry():
    assert told(choice("gpt-anything", pinned="m")) == ("pinned", None, ["m"])
    with pytest.raises(CallerError) as caught:
        choice("m", pinned="gone")
    assert caught.value.code is Code.MODEL_NOT_FOUND


def test_a_forced_tier_is_not_escaped_by_what_a_call_continues():
    assert told(choice("x", pinned="private", forced_tier="secure")) == ("forced", "secure", ["private"])
    with pytest.raises(Forbidden, match="begin a new conversation"):
        choice("x", pinned="m", forced_tier="secure")
