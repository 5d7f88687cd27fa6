"""The proxies of the admin API: each change is a version, and the data plane is told."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from .house import RUNTIME, Served, ask, make

FILE = "proxies: [{id: declared, owner: ann}]\nprojects: [{id: shop}]\n"
PATH = "/api/v1/proxies"


def run(folder: Path, story: Any, text: str = FILE) -> None:
    async def go() -> None:
        served = Served()
        plane = make(folder, text, publish=served)
        try:
            await story(plane, served)
        finally:
            plane.close()

    asyncio.run(go())


def test_a_proxy_comes_changes_and_goes(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        body = {"id": "bot", "project": "shop", "owner": "ben", "environment": "live", "models": ["sandbox/echo"],
                "rate_limits": {"max_parallel_requests": 2}}  # fmt: skip
        made = await ask(plane, "POST", PATH, body)
        assert (made.status, made.json["openai_path"], made.json["managed_by"]) == (201, "/a/bot/openai/v1", "api")
        assert [proxy.id for proxy in served.documents[-1].proxies] == ["declared", "bot"]
        assert served.documents[-1].proxies[-1].models == ("sandbox/echo",)
        assert made.json["rate_limits"] == {"rpm": None, "tpm": None, "max_parallel_requests": 2}
        assert [one.id for one in served.documents[-1].all_rates] == ["proxy:bot"]
        assert (await ask(plane, "POST", PATH, body)).json["code"] == "conflict"
        changed = await ask(plane, "PUT", f"{PATH}/bot", {"project": "shop", "providers": ["sandbox"]})
        assert (changed.json["providers"], changed.json["models"], changed.json["owner"]) == (["sandbox"], [], None)
        listed = (await ask(plane, "GET", PATH)).json["items"]
        assert [(one["id"], one["managed_by"]) for one in listed] == [("declared", "file"), ("bot", "api")]
        versions = (await ask(plane, "GET", "/api/v1/versions")).json["items"]
        assert {"proxy bot added", "proxy bot changed"} <= {one["note"] for one in versions}
        assert (await ask(plane, "DELETE", f"{PATH}/bot")).status == 204
        assert (await ask(plane, "GET", f"{PATH}/bot")).status == 404
        assert [proxy.id for proxy in served.documents[-1].proxies] == ["declared"]

    run(tmp_path, story)


def test_what_the_file_declares_is_the_files(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        shown = await ask(plane, "GET", f"{PATH}/declared")
        assert (shown.json["owner"], shown.json["managed_by"]) == ("ann", "file")
        for method in ("PUT", "DELETE"):
            body = {} if method == "PUT" else None
            assert (await ask(plane, method, f"{PATH}/declared", body)).json["code"] == "managed_by_file"

    run(tmp_path, story)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"id": "a/b"}, "id"),
        ({"id": "x", "project": "none"}, "project"),
        ({"id": "x", "target_model": "none"}, "target_model"),
        ({"id": "x", "model_policy": "never"}, "model_policy"),
        ({"id": "x", "request_policy": {"source": "package x"}}, "request_policy.source:1:1"),
        ({"id": "x", "response_policy": {"file": "a.rego"}}, "response_policy.file"),
        ({"id": "x", "policies": {"chain": ["pii"]}}, "policies.chain[0]"),
        ({"id": "x", "colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_is_refused_by_name(tmp_path: Path, body: Any, where: str) -> None:
    async def story(plane: Any, served: Served) -> None:
        refused = await ask(plane, "POST", PATH, body)
        assert refused.status == 422
        assert where in str(refused.json["errors"])

    run(tmp_path, story)


def test_an_id_is_never_changed_and_a_runtime_key_changes_nothing(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        assert (await ask(plane, "PUT", f"{PATH}/declared", {"id": "other"})).status == 422
        assert (await ask(plane, "GET", PATH, key=RUNTIME)).status == 403

    run(tmp_path, story)


def test_keys_of_a_proxy(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        await ask(plane, "POST", PATH, {"id": "bot", "project": "shop"})
        made = await ask(plane, "POST", "/api/v1/keys", {"name": "of bot", "proxy": "bot"})
        assert (made.status, made.json["proxy"], made.json["project"]) == (201, "bot", "shop")
        assert (await ask(plane, "GET", f"{PATH}/bot")).json["keys"] == [made.json["id"]]
        turned = await ask(plane, "POST", f"/api/v1/keys/{made.json['id']}/rotate", {"overlap_seconds": 0})
        assert turned.json["proxy"] == "bot"
        for body in ({"proxy": "none"}, {"proxy": "bot", "project": "default"}, {"proxy": "bot", "kind": "admin"}):
            assert (await ask(plane, "POST", "/api/v1/keys", {"name": "x", **body})).status == 422
        refused = await ask(plane, "DELETE", f"{PATH}/bot")
        assert (refused.status, turned.json["id"] in refused.json["error"]) == (409, True)
        assert (await ask(plane, "PUT", f"{PATH}/bot", {"project": "default"})).status == 409
        await ask(plane, "POST", f"/api/v1/keys/{turned.json['id']}/revoke")
        assert (await ask(plane, "DELETE", f"{PATH}/bot")).status == 204

    run(tmp_path, story)
