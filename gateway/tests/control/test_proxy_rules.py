"""The chain of a proxy, by the admin API: its rules come, change and go with it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.control.proxy_rules import ChainSaid, chain_said, check_named, own_rules, with_chain
from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.settings.declared import DeclaredProxy, DeclaredRules, Document, Layer

from .house import Served, ask, make

PATH = "/api/v1/proxies"
TITAN = {"name": "titan", "kind": "keyword", "terms": ["titan"]}
FILE = "policies: {chain: [{name: all, kind: redactor}]}\n"


def run(folder: Path, story: Any) -> None:
    async def go() -> None:
        served = Served()
        plane = make(folder, FILE, publish=served)
        try:
            await story(plane, served)
        finally:
            plane.close()

    asyncio.run(go())


def test_rules_in_place_come_change_and_go_with_their_proxy(tmp_path: Path) -> None:
    async def story(plane: Any, served: Served) -> None:
        made = await ask(plane, "POST", PATH, {"id": "bot", "policies": {"chain": ["all", TITAN]}})
        assert (made.status, made.json["policies"]) == (201, ["all", "titan"])
        everyones, own = served.documents[-1].rules
        assert (everyones.name, everyones.proxy, everyones.named_by) == ("all", None, ("bot",))
        assert (own.name, own.proxy, own.settings) == ("titan", "bot", {"terms": ["titan"]})
        await ask(plane, "POST", PATH, {"id": "other", "policies": {"chain": ["titan"]}})
        assert served.documents[-1].rules[-1].named_by == ("bot", "other")
        refused = await ask(plane, "PUT", f"{PATH}/bot", {"policies": {"chain": ["all"]}})
        assert (refused.status, "`other`" in refused.json["error"]) == (409, True)
        assert (await ask(plane, "DELETE", "/api/v1/policies/titan")).status == 409
        await ask(plane, "PUT", f"{PATH}/other", {})
        changed = {**TITAN, "terms": ["atlas"]}
        assert (await ask(plane, "PUT", f"{PATH}/bot", {"policies": {"chain": [changed]}})).status == 200
        assert served.documents[-1].rules[-1].settings == {"terms": ["atlas"]}
        assert (await ask(plane, "PUT", f"{PATH}/bot", {"policies": {"chain": ["titan"]}})).status == 200
        assert served.documents[-1].rules[-1].settings == {"terms": ["atlas"]}
        assert (await ask(plane, "DELETE", f"{PATH}/bot")).status == 204
        assert [(rule.name, rule.named_by) for rule in served.documents[-1].rules] == [("all", ())]

    run(tmp_path, story)


@pytest.mark.parametrize(
    ("chain", "where", "words"),
    [
        (["al"], "policies.chain[0]", "did you mean `all`?"),
        (["redactor"], "policies.chain[0]", "does not exist"),
        ([{**TITAN, "name": "all"}], "policies.chain[0]", "is taken"),
        ([TITAN, TITAN], "policies.chain[0]", "is taken"),
        (["all", {**TITAN, "terms": ["a", ""]}], "policies.chain[1].terms[1]", "a term is empty"),
        ([{**TITAN, "proxy": "bot"}], "policies", "no `proxy` of its own"),
    ],
)
def test_what_a_chain_cannot_say(tmp_path: Path, chain: Any, where: str, words: str) -> None:
    async def story(plane: Any, served: Served) -> None:
        refused = await ask(plane, "POST", PATH, {"id": "bot", "policies": {"chain": chain}})
        assert refused.status == 422
        assert where in str(refused.json["errors"])
        assert words in str(refused.json["errors"])

    run(tmp_path, story)


def test_a_rule_that_a_proxy_only_names_is_not_its_own() -> None:
    own, named = RuleSpec(name="own", kind="redactor", proxy="b"), RuleSpec(name="named", kind="redactor")
    layer = Layer(proxies=(DeclaredProxy(id="b", policies=DeclaredRules(("own", "named"))),), rules=(own, named))
    assert own_rules("b", layer) == {"own"}
    assert with_chain(layer, (), "b", ChainSaid((), ())).rules == (named,)
    assert chain_said("b", None, Document(api=layer)) == ChainSaid((), ())
    check_named(Document(api=layer))
    with pytest.raises(CallerError, match="named by the chain of proxy `b`"):
        check_named(Document(file=Layer(proxies=layer.proxies), api=Layer(rules=(named,))))
