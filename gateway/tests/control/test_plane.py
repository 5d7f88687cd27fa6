import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.control.plane import ControlPlane
from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.settings import ConfigurationError, load

from ..postgres import Cluster
from ..storage.stores import Postgres
from .house import ADMIN, RUNTIME, ask, make

MASTER = base64.b64encode(bytes(32)).decode()
TIERS = "tiers: {simple: sandbox/echo}\n"


def bare(folder: Path, **variables: str) -> ControlPlane:
    return ControlPlane(load(variables={"GATEPOST_DATA_DIR": str(folder / "data"), **variables}, folder=folder))


def test_a_first_start_makes_keys_once(tmp_path: Path) -> None:
    plane = bare(tmp_path)
    assert [line.partition(": ")[0] for line in plane.notices] == ["admin key", "runtime key"]
    admin = plane.first_keys.admin
    assert admin is not None
    assert asyncio.run(ask(plane, "GET", "/api/v1/keys", key=admin.reveal())).status == 200
    assert [model.id for model in plane.document().models] == ["sandbox/echo"]
    assert plane.document().projects[0].id == "default"
    plane.close()
    again = bare(tmp_path)
    assert again.notices == []
    assert again.document().version == 1
    assert asyncio.run(ask(again, "GET", "/api/v1/keys", key=admin.reveal())).status == 200
    assert again.secret == plane.secret
    again.close()


def test_the_environment_gives_the_keys_instead(tmp_path: Path) -> None:
    plane = make(tmp_path)
    assert plane.notices == []
    assert {key.id for key in plane.document().keys} == {"adm1n", "runt1me"}
    plane.close()


def test_a_given_key_of_any_form_has_an_id_that_does_not_show_it(tmp_path: Path) -> None:
    plane = bare(tmp_path, GATEPOST_ADMIN_KEY="correct-horse-battery", GATEPOST_RUNTIME_KEY=RUNTIME)
    reply = asyncio.run(ask(plane, "GET", "/api/v1/keys", key="correct-horse-battery"))
    assert reply.status == 200
    assert "horse" not in reply.body.decode()
    assert asyncio.run(ask(plane, "GET", "/api/v1/keys", key="correct-horse-batterx")).status == 401
    plane.close()


def test_another_given_key_ends_the_one_before(tmp_path: Path) -> None:
    make(tmp_path).close()
    plane = make(tmp_path, variables={"GATEPOST_ADMIN_KEY": "gpa_other_0123456789abcdef"})
    assert asyncio.run(ask(plane, "GET", "/api/v1/keys", key=ADMIN)).json["code"] == "key_revoked"
    assert asyncio.run(ask(plane, "GET", "/api/v1/keys", key="gpa_other_0123456789abcdef")).status == 200
    plane.close()
    back = make(tmp_path)
    assert back.warnings == ("the key in `GATEPOST_ADMIN_KEY` is revoked and admits nobody",)
    assert asyncio.run(ask(back, "GET", "/api/v1/keys")).json["code"] == "key_revoked"
    back.close()


@pytest.mark.parametrize("text", ["gp_wrong_0123456789abcdef", "gpa_short_0123456789", "gpa_0123456789abcdef"])
def test_a_given_key_that_only_looks_like_ours_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        bare(tmp_path, GATEPOST_ADMIN_KEY=text)
    assert "GATEPOST_ADMIN_KEY" in str(caught.value)
    assert text not in str(caught.value)


def test_the_id_of_a_given_key_may_not_belong_to_another(tmp_path: Path) -> None:
    make(tmp_path).close()
    with pytest.raises(ConfigurationError, match="belongs to another key"):
        make(tmp_path, variables={"GATEPOST_ADMIN_KEY": "gpa_adm1n_ffffffffffffffff"})


def test_a_file_is_applied_at_the_start(tmp_path: Path) -> None:
    text = "models: [{id: a, identifier: x, provider: openai}]\n"
    plane = make(tmp_path, text)
    assert [model.id for model in plane.document().models] == ["a", "sandbox/echo"]
    assert plane.document().version == 2
    plane.close()
    again = make(tmp_path, text)
    assert again.document().version == 2
    again.close()


def test_a_wrong_file_stops_the_start_and_changes_nothing(tmp_path: Path) -> None:
    make(tmp_path).close()
    with pytest.raises(ConfigurationError, match=r"gatepost\.yaml:1:17: model `none` is not declared"):
        make(tmp_path, "fallbacks: {a: [none]}\nmodels: [{id: a, identifier: x, provider: openai}]\n")
    (tmp_path / "gatepost.yaml").unlink()
    plane = make(tmp_path)
    assert plane.document().version == 1
    plane.close()


def test_keys_of_providers_in_the_environment_serve_their_own_names(tmp_path: Path) -> None:
    plane = bare(tmp_path, OPENAI_API_KEY="sk-canary")
    (entry,) = plane.snapshot.called("default", "gpt-4o-mini-2024-07-18")
    assert entry.credential is not None
    assert plane.vault.open(entry.credential).reveal() == "sk-canary"
    assert entry.prices is not None
    assert not entry.declared
    assert plane.snapshot.called("default", "o5-new")[0].prices is None
    assert plane.snapshot.called("default", "llama") == ()
    assert plane.snapshot.called("default", "gpt-x\n") == ()
    assert "sk-canary" not in repr(plane.document())
    plane.close()


def test_a_lost_master_key_is_not_made_anew(tmp_path: Path) -> None:
    bare(tmp_path).close()
    (tmp_path / "data" / "master.key").unlink()
    with pytest.raises(GatewayFault, match="restore it from a backup"):
        bare(tmp_path)


def test_a_write_is_answered_when_it_is_served(tmp_path: Path) -> None:
    async def go() -> None:
        served = asyncio.Event()

        async def publish(document: Any) -> None:
            await served.wait()

        plane = make(tmp_path, publish=publish)
        asked = asyncio.create_task(ask(plane, "POST", "/api/v1/keys", {"name": "x"}))
        done, _ = await asyncio.wait({asked}, timeout=0.05)
        assert not done
        served.set()
        assert (await asked).status == 201
        plane.close()

    asyncio.run(go())


def test_a_write_that_nobody_serves_is_told(tmp_path: Path) -> None:
    async def go() -> None:
        async def publish(document: Any) -> None:
            raise ConnectionResetError

        plane = make(tmp_path)
        plane.on_publish(publish)
        reply = await ask(plane, "POST", "/api/v1/keys", {"name": "x"})
        assert (reply.status, reply.json["code"]) == (503, "control_unavailable")
        plane.close()

    asyncio.run(go())


def test_the_local_token_administers_this_start(tmp_path: Path) -> None:
    plane = make(tmp_path, local_token=Secret("gpa_local_token"))
    assert asyncio.run(ask(plane, "GET", "/api/v1/health", key="gpa_local_token")).json["status"] == "healthy"
    made = asyncio.run(ask(plane, "POST", "/api/v1/models", ENTRY, key="gpa_local_token"))
    assert made.status == 201
    assert plane.configuration.current.version.by == "local"
    plane.close()


ENTRY = {"id": "a", "identifier": "x", "provider": "openai"}


def shared(folder: Path, url: str, text: str) -> ControlPlane:
    folder.mkdir(exist_ok=True)
    return make(folder, text, variables={"GATEPOST_STORE_URL": url, "GATEPOST_MASTER_KEY": MASTER}, runs=True)


def test_two_gateways_with_one_file_agree_and_with_two_do_not(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.fresh()
    one = shared(tmp_path / "one", url, TIERS)
    two = shared(tmp_path / "two", url, TIERS)
    assert two.document().version == one.document().version
    with pytest.raises(ConfigurationError, match=r"2 other gateways.*`tiers.simple`.*gatepost apply"):
        shared(tmp_path / "three", url, "tiers: {medium: sandbox/echo}\n")
    one.close()
    two.close()
    alone = shared(tmp_path / "three", url, "tiers: {}\n")
    assert alone.document().version > one.document().version
    alone.close()


def test_the_master_key_is_not_changed_under_others(postgres: Postgres, tmp_path: Path) -> None:
    plane = make(tmp_path, variables={"GATEPOST_STORE_URL": postgres.fresh()})
    reply = asyncio.run(ask(plane, "POST", "/api/v1/master-key/rotate"))
    assert (reply.status, "shares its store" in reply.json["error"]) == (409, True)
    plane.close()


def test_a_store_that_goes_away_is_a_503_and_what_is_served_stays(tmp_path: Path) -> None:
    with Cluster() as cluster:
        plane = shared(tmp_path / "one", cluster.url, "")
        cluster.stop()
        for method, path, body in (("POST", "/api/v1/keys", {"name": "k"}), ("GET", "/api/v1/versions", None)):
            reply = asyncio.run(ask(plane, method, path, body))
            assert (reply.status, reply.json["code"]) == (503, "control_unavailable")
        assert plane.health()["status"] == "unhealthy"
        assert asyncio.run(ask(plane, "GET", "/api/v1/keys")).status == 200
        cluster.start()
        assert asyncio.run(ask(plane, "POST", "/api/v1/keys", {"name": "k"})).status == 201
        plane.close()
