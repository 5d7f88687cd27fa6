import hashlib

import msgspec
import pytest

from gatepost_gateway.domain.errors import Code, Forbidden, Unauthenticated
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import KeyEntry, KeyKind, KeyState, ProviderKind, Snapshot
from gatepost_gateway.pipeline.call import Presented
from gatepost_gateway.pipeline.identify import identify, key_id

from .fakes import KEY, Answer, House, ScriptedTransport, chat, completion, daily, entry, run, snapshot_of

NOW = 1_000_000
OURS = "gp_k2_othersecret"


def key(text, **more):
    fields = {"kind": KeyKind.RUNTIME, "name": "n", "org": "org", "project": "p", **more}
    return KeyEntry(key_id(text), digest=hashlib.sha256(text.encode()).digest(), **fields)


def who(snapshot, bearer=None, beside=None, now=NOW, salt=b"salt"):
    shown = Presented(Secret(bearer) if bearer else None, Secret(beside) if beside else None)
    return identify(snapshot, shown, now, salt)


def refused(snapshot, words, *shown, **more):
    """The code of a 401 that says `words`, and nothing of what was shown."""
    with pytest.raises(Unauthenticated, match=words) as caught:
        who(snapshot, *shown, **more)
    assert caught.value.status == 401
    assert all(text is None or text not in caught.value.public for text in shown)
    return caught.value.code


def test_a_key_is_its_principal_in_either_header():
    snapshot = snapshot_of()
    for shown in ((KEY, None), (None, KEY), (KEY, "nonsense")):
        principal = who(snapshot, *shown)
        assert (principal.key_id, principal.org, principal.project, principal.passed_through) == (
            "k1",
            "org",
            "p",
            False,
        )


def test_a_key_of_the_operators_own_shape_is_found():
    snapshot = snapshot_of(keys=(key("letmein"),))
    assert who(snapshot, "letmein").key_id == key_id("letmein")
    assert "letmein" not in key_id("letmein")


def test_each_refusal_has_its_own_words():
    snapshot = snapshot_of(
        keys=(
            key("gp_paused_x", state=KeyState.PAUSED),
            key("gp_revoked_x", state=KeyState.REVOKED),
            key("gp_expired_x", expires_at=NOW),
        )
    )
    assert refused(snapshot, "no API key") is Code.MISSING_KEY
    assert refused(snapshot, "unknown API key", "gp_k1_wrong") is Code.UNKNOWN_KEY
    assert refused(snapshot, "unknown API key", "gp_k9_secretsecretsecret") is Code.UNKNOWN_KEY
    assert refused(snapshot, "unknown API key", "sk-something") is Code.UNKNOWN_KEY
    assert refused(snapshot, "unknown API key", "ключ") is Code.UNKNOWN_KEY
    assert refused(snapshot, "paused", "gp_paused_x") is Code.KEY_PAUSED
    assert refused(snapshot, "revoked", "gp_revoked_x") is Code.KEY_REVOKED
    assert refused(snapshot, "expired", "gp_expired_x") is Code.KEY_EXPIRED
    assert who(snapshot, "gp_expired_x", now=NOW - 1).key_id == "expired"


def test_a_wrong_secret_of_a_paused_key_says_nothing_of_the_key():
    snapshot = snapshot_of(keys=(key("gp_paused_x", state=KeyState.PAUSED),))
    assert refused(snapshot, "unknown API key", "gp_paused_y") is Code.UNKNOWN_KEY


def test_a_key_whose_project_is_gone_is_told_so():
    with pytest.raises(Forbidden, match="does not exist any more"):
        who(snapshot_of(keys=(key("gp_orphan_x", project="gone"),)), "gp_orphan_x")


def passing(*models, project="p", **more):
    return snapshot_of(*models, pass_through_project=project, pass_through_provider=ProviderKind.OPENAI, **more)


def test_a_strange_bearer_passes_through_where_the_server_lets_it():
    principal = who(passing(), "sk-mine")
    assert principal.passed_through
    assert principal.project == "p"
    assert "sk-mine" not in principal.key_id
    assert principal == who(passing(), "sk-mine")
    assert principal.key_id != who(passing(), "sk-other").key_id
    assert principal.key_id != who(passing(), "sk-mine", salt=b"another").key_id


def test_one_of_our_own_names_never_passes_through():
    assert refused(passing(), "unknown API key", "gp_k9_x") is Code.UNKNOWN_KEY
    assert refused(passing(), "unknown API key", "gpa_k9_x") is Code.UNKNOWN_KEY


def test_a_provider_key_in_the_second_header_alone_is_not_passed():
    assert refused(passing(), "does not pass keys", None, "sk-mine") is Code.UNKNOWN_KEY


def test_a_key_beside_names_the_project_of_a_passed_through_call():
    held = passing(keys=(key(OURS), key("gp_old_x", state=KeyState.REVOKED), key("gpa_admin_x", kind=KeyKind.ADMIN)))
    assert who(held, "sk-mine", OURS).project == "p"
    assert refused(held, "revoked", "sk-mine", "gp_old_x") is Code.KEY_REVOKED
    assert refused(held, "in `x-api-key`", "sk-mine", "gp_k2_wrong") is Code.UNKNOWN_KEY
    assert refused(held, "in `x-api-key`", "sk-mine", "gpa_admin_x") is Code.UNKNOWN_KEY


def test_a_project_without_a_provider_passes_nothing_through():
    assert refused(snapshot_of(pass_through_project="p"), "does not pass keys", "sk-mine") is Code.UNKNOWN_KEY
    assert refused(passing(project="gone"), "does not pass keys", "sk-mine") is Code.UNKNOWN_KEY


def test_a_passed_key_goes_to_its_family_and_a_stored_one_elsewhere():
    own = entry("m")
    azure = entry("az", provider=ProviderKind.AZURE, base_url="http://azure.test/d")
    house = House(
        passing(own, azure, fallbacks={"m": ("az",)}),
        ScriptedTransport(Answer(401, [b"{}"]), Answer(200, [completion()])),
    )
    run(house.call(chat(), key="sk-mine"))
    sent = [dict(request.headers) for request in house.transport.asked]
    assert sent[0][b"authorization"] == b"Bearer sk-mine"
    assert sent[1][b"api-key"] == b"sk-provider-key"
    assert b"sk-mine" not in b"".join(sent[1].values())
    assert all(b"sk-mine" not in msgspec.msgpack.encode(one) for one in house.recorder.entries)


def test_a_passed_key_never_reaches_a_family_without_a_stored_credential():
    house = House(
        passing(entry("az", provider=ProviderKind.AZURE, credential=None), budgets=(daily(10**9),)), ScriptedTransport()
    )
    from gatepost_gateway.domain.errors import CallerError

    for model in ("az", "sandbox/echo"):
        with pytest.raises(CallerError, match="passed through") as caught:
            run(house.call(chat(model=model), key="sk-mine"))
        assert (caught.value.status, caught.value.code) == (422, Code.PROVIDER_KEY_MISSING)
    assert house.transport.asked == []
    assert house.ledger.open_holds() == 0


def test_the_snapshot_type_is_what_identify_needs():
    assert isinstance(snapshot_of(), Snapshot)


def test_an_admin_key_makes_no_calls():
    boss = "gpa_boss_0123456789abcdef"
    snapshot = snapshot_of(keys=(key(boss, kind=KeyKind.ADMIN),))
    with pytest.raises(Forbidden, match="makes no calls"):
        who(snapshot, boss)


def at(snapshot, text, path):
    return identify(snapshot, Presented(Secret(text), path=path), NOW, b"salt")


def test_a_key_with_paths_asks_nothing_else():
    text = "gp_paths_x"
    snapshot = snapshot_of(keys=(key(text, paths=("/v1/chat", "/v1beta/*")),))
    for path in ("/v1/chat", "/v1beta/models/m:generateContent"):
        assert at(snapshot, text, path).project == "p"
    for path in ("/v1/chat/completions", "/v1", "", "/V1/chat"):
        with pytest.raises(Forbidden, match="may not ask") as caught:
            at(snapshot, text, path)
        assert caught.value.code is Code.PATH_NOT_ALLOWED


def test_a_key_that_is_over_is_not_told_of_its_paths():
    snapshot = snapshot_of(keys=(key("gp_gone_x", paths=("/v1/chat",), state=KeyState.REVOKED),))
    with pytest.raises(Unauthenticated):
        at(snapshot, "gp_gone_x", "/v1/me")


def test_a_key_with_models_calls_nothing_else():
    text = "gp_models_x"
    models = (entry("a"), entry("b", identifier="bee"), entry("c"))
    snapshot = snapshot_of(*models, keys=(key(text, models=("a", "bee")),), fallbacks={"a": ("c", "b")})
    house = House(snapshot, ScriptedTransport(Answer(500, [b"{}"]), Answer(500, [b"{}"]), Answer(200, [completion()])))
    with pytest.raises(Forbidden, match="it may call `a`, `bee`") as caught:
        run(house.call(chat(model="c"), key=text))
    assert caught.value.code is Code.MODEL_NOT_ALLOWED
    run(house.call(chat(model="a"), key=text))
    assert house.record.model == "b"
