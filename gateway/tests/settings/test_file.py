# ruff: noqa: E501 - the sample stands here as people write it
from decimal import Decimal
from pathlib import Path

import pytest

from gatepost_gateway.domain.routing import DataPolicy, DataTerms
from gatepost_gateway.domain.snapshot import CacheRules
from gatepost_gateway.settings import ConfigurationError, Elsewhere, parse, read_file

SAMPLE = """\
server:    {listen: 127.0.0.1:41002, data_dir: .gatepost}
models:
  - id: gpt-4o-mini
    name: GPT-4o Mini
    identifier: gpt-4o-mini
    provider: openai                    # openai anthropic gemini bedrock azure internal
    base_url: https://api.openai.com/v1
    api_key: {env: OPENAI_API_KEY}      # or {file: /run/secrets/x}; a literal is refused
    is_public: true
    input_cost_per_1k: 0.00015
    output_cost_per_1k: 0.0006
    data_retention_days: 30
    additional_config: {}
  - {id: haiku, identifier: claude-haiku-4-5, provider: anthropic, base_url: https://api.anthropic.com, api_key: {env: ANTHROPIC_API_KEY}}
  - {id: local-mistral, identifier: mistral, provider: internal, base_url: http://127.0.0.1:8000/v1/chat/completions, is_public: false, input_cost_per_1k: 0, output_cost_per_1k: 0}
tiers:     {simple: gpt-4o-mini, medium: gpt-4o-mini, complex: haiku, secure: local-mistral}
fallbacks: {gpt-4o-mini: [haiku]}
projects:
  - {id: default, default_model: gpt-4o-mini, budgets: {daily_usd: 20, monthly_usd: 300}, rate_limits: {rpm: 600, tpm: 200000}}
proxies:
  - {id: support-bot, project: default, request_policy: {file: policies/support.rego}, response_policy: {file: policies/reply.rego}}
policies:
  chain:
    - {name: no-injection, kind: prompt-injection, mode: enforce, response: {action: block}}
    - {name: scrub-pii, kind: pii-detector, mode: enforce, action: redact}
    - {name: tool-guard, kind: agent-firewall, mode: observe, blocked_tools: ["delete_*"]}
"""
LATER = ("proxies:", "policies:")


def wrong(text: str, elsewhere: Elsewhere | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, "f.yaml", elsewhere=elsewhere or Elsewhere())
    return [str(problem) for problem in caught.value.problems]


def without_later(text: str) -> str:
    kept: list[str] = []
    for line in text.splitlines():
        if not line.startswith(" "):
            skip = line.startswith(LATER)
        if not skip:
            kept.append(line)
    return "\n".join(kept)


def test_the_sample_loads_without_what_is_not_enforced_yet() -> None:
    file = parse(without_later(SAMPLE), elsewhere=Elsewhere())
    first = file.layer.models[0]
    assert (first.input_cost_per_1k, first.output_cost_per_1k) == (Decimal("0.00015"), Decimal("0.0006"))
    assert first.api_key is not None
    assert first.api_key.env == "OPENAI_API_KEY"
    assert file.layer.models[2].is_public is False
    assert file.layer.tiers == {
        "simple": ("gpt-4o-mini",),
        "medium": ("gpt-4o-mini",),
        "complex": ("haiku",),
        "secure": ("local-mistral",),
    }
    assert file.layer.fallbacks == {"gpt-4o-mini": ("haiku",)}
    assert file.layer.projects[0].budgets.monthly_usd == 300
    assert file.server.listen == "127.0.0.1:41002"


def test_the_sample_loads_as_it_stands() -> None:
    (proxy,) = parse(SAMPLE).layer.proxies
    assert proxy.request_policy is not None
    assert proxy.request_policy.file == "policies/support.rego"


def test_a_proxy_is_read() -> None:
    text = "proxies:\n  - {id: bot, owner: ann, models: [gpt-4o], providers: [openai], target_model: sandbox/echo}\n"
    (proxy,) = parse(text).layer.proxies
    assert (proxy.id, proxy.project, proxy.owner, proxy.models) == ("bot", "default", "ann", ("gpt-4o",))
    assert proxy.record_tool_arguments
    assert wrong("proxies: [{id: a/b}]")
    assert wrong("proxies: [{id: bot, request_policy: {file: a, source: b}}]")


def test_empty_keys_that_are_not_enforced_promise_nothing() -> None:
    assert parse("tiers: {}\nproxies: []\npolicies: {chain: []}\ncompat: {rego_packages: []}\n").layer.tiers == {}


def test_rego_packages_are_names_of_packages() -> None:
    assert parse("compat: {rego_packages: [xenovia.policy, a]}").layer.compat.rego_packages == ("xenovia.policy", "a")
    (problem,) = wrong("compat: {rego_packages: [data.a]}")
    assert "must be the name of a package" in problem


@pytest.mark.parametrize(
    ("policy", "want"),
    [
        ("{}", "must say one: {file: path} or {source: text}"),
        ("{file: a.rego, source: x}", "must say one"),
        ("{file: a.txt}", "must be a file whose name ends in .rego"),
        ("{source: x, timeout_ms: 201}", "must be at most 200"),
        ("{source: x, mode: off}", "`off` is not one of `enforce`, `observe`"),
        ("{source: x, on_error: allow}", "unknown key `on_error`"),
    ],
)
def test_a_policy_has_one_source_and_bounds(policy: str, want: str) -> None:
    (problem,) = wrong(f"projects: [{{id: p, request_policy: {policy}}}]")
    assert want in problem


MODEL = "models:\n  - {id: a, identifier: x, provider: openai}\n"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("sever: {}", "f.yaml:1:1: unknown key `sever`: did you mean `server`?"),
        ("server: {lisen: 1}", "f.yaml:1:10: unknown key `lisen`: did you mean `listen`?"),
        ("server: {limits: {body_byte: 1}}", "f.yaml:1:19: unknown key `body_byte`: did you mean `body_bytes`?"),
        ("models:\n  - {id: a, provider: openai}", "f.yaml:2:5: `identifier` is missing"),
        (
            "models:\n  - {id: a, identifier: x, provider: opnai}",
            "f.yaml:2:38: `opnai` is not one of `openai`, `anthropic`, `gemini`, `bedrock`, `azure`, `internal`, `sandbox`: did you mean `openai`?",
        ),
        ("models: {}", "f.yaml:1:9: `models` must be a list"),
        ("[]", "f.yaml:1:1: the document must be a mapping of keys to values"),
        ("models: [3]", "f.yaml:1:10: the value must be a mapping of keys to values"),
        ("server: {fsync: yes}", "f.yaml:1:17: `fsync` must be `true` or `false`"),
        ("server: {listen: localhost}", "f.yaml:1:18: `listen` must be an address and a port, such as 127.0.0.1:41002"),
        ("server: {listen: 12}", "f.yaml:1:18: `listen` must be text"),
        ("server: {egress: {allow: [10.0.0.1/8]}}", "must be a network such as 10.0.0.0/8"),
        ("server: {timeouts: {idle: 0}}", "f.yaml:1:27: `idle` must be more than 0 and at most 86400 seconds"),
        ("server: {timeouts: {idle: soon}}", "`idle` must be a number of seconds"),
        ("retries: {attempts: 11}", "f.yaml:1:21: `attempts` must be at most 10"),
        ("retries: {attempts: 1.5}", "`attempts` must be a whole number"),
        ("projects: [{id: '', budgets: {}}]", "`id` must be 1 to 128 letters"),
        ("projects: [{id: a, budgets: {daily_usd: -1}}]", "f.yaml:1:41: `daily_usd` must not be negative"),
        ("projects: [{id: a, budgets: {daily_usd: many}}]", "`daily_usd` must be a number of dollars"),
        ("projects: [{id: a, budgets: {daily_usd: 0.0000000001}}]", "`daily_usd` is finer than a nano-dollar"),
        ("projects: [{id: a, rate_limits: {rpm: 0}}]", "`rpm` must be more than 0"),
        ("rate_limits: {globl: {rpm: 1}}", "unknown key `globl`: did you mean `global`?"),
        ("rate_limits: {everybody: {rpm: 1}}", "unknown key `everybody`"),
        ("rate_limits: {global: {rps: 1}}", "unknown key `rps`: did you mean `rpm`?"),
        ("rate_limits: {global: {rpm: 0}}", "f.yaml:1:29: `rpm` must be more than 0"),
        ("rate_limits: {per_key: {}}", "a limit without a number is none"),
        ("limits: [{id: a, scope: user}]", "a limit without a number is none"),
        ("limits: [{id: a, scope: team, rpm: 1}]", "`scope` must be org, project, proxy, key, user, ip, global"),
        ("limits: [{id: per_key, scope: key, rpm: 1}]", "that of a limit in `rate_limits`"),
        ("limits: [{id: a, scope: ip, match: here, rpm: 1}]", "must be an address"),
        ("limits: [{id: a, scope: ip, match: 10.0.0.0/8, rpm: 1}]", "must be an address"),
        ("limits: [{id: a, scope: global, match: x, rpm: 1}]", "has no `match`"),
        ("limits: [{id: a, scope: key, rpm: 1}, {id: a, scope: ip, rpm: 1}]", "stands twice in `limits`"),
        ("limits: [{id: a, scope: user, project: p, rpm: 1}]", "project `p` is not declared"),
        ("projects: [{id: a, features: [ofline_testing]}]", "did you mean `offline_testing`?"),
        ("compat: {header_prefixes: [Acme]}", "must be a header prefix such as X-Acme-"),
        (
            "models: [{id: a, identifier: x, provider: azure}]",
            "f.yaml:1:10: provider `azure` has no address of its own: `base_url` is missing",
        ),
        (
            "models: [{id: a, identifier: x, provider: openai, input_cost_per_1k: 1}]",
            "f.yaml:1:10: half a price is none",
        ),
        ("models: [{id: a, identifier: 'x#y', provider: openai}]", "`identifier` must be 1 to 256 visible characters"),
        ("models: [{id: a, identifier: x, provider: openai, base_url: 'ftp://x'}]", "must be a whole URL"),
        ("models: [{id: a, identifier: x, provider: openai, base_url: 'http://u:p@x/v1'}]", "no password"),
        (
            "models: [{id: a, identifier: x, provider: openai, base_url: 'http://x/v1?api_key=1'}]",
            "no key in its query",
        ),
        ("models: [{id: a, identifier: x, provider: openai, base_url: 'http://x:99999/v1'}]", "port that is no port"),
        ("models: [{id: a, identifier: x, provider: openai, api_key: {}}]", "`api_key` must name one place"),
        ("models: [{id: a, identifier: x, provider: openai, api_key: {env: A, file: b}}]", "must name one place"),
        ("models: [{id: a, identifier: x, provider: openai, api_key: {env: GATEPOST_MASTER_KEY}}]", "own variables"),
        ("models: [{id: a, identifier: x, provider: openai, additional_config: {client_secret: x}}]", "no place here"),
        ("projects: [{id: a, default_model: gtp}]\n" + MODEL, "model `gtp` is not declared"),
        ("fallbacks: {a: [bb]}\n" + MODEL, "f.yaml:1:17: model `bb` is not declared"),
        ("fallbacks: {aa: [a]}\n" + MODEL, "f.yaml:1:13: model `aa` is not declared: did you mean `a`?"),
        ("server: {pass_through_project: defalt}", "project `defalt` is not declared: did you mean `default`?"),
        (
            "models:\n  - {id: a, identifier: x, provider: openai, project: p}",
            "f.yaml:2:55: project `p` is not declared",
        ),
        ("models:\n  - {id: sandbox/echo, identifier: x, provider: openai}", "`sandbox/echo` is built in"),
        (
            "projects:\n  - id: a\n  - id: a\n",
            "f.yaml:3:9: the id `a` stands twice in `projects`: the first is on line 2",
        ),
        ("server: {}\nserver: {}\n", "f.yaml:2:1: the key `server` stands here twice: the first is on line 1"),
    ],
)
def test_every_mistake_has_its_place_and_its_reason(text: str, want: str) -> None:
    found = wrong(text)
    assert len(found) == 1, found
    assert want in found[0]
    assert found[0].startswith("f.yaml:")


def test_all_mistakes_are_told_together_in_the_order_of_the_lines() -> None:
    found = wrong("sever: {}\n" + MODEL + "  - {id: a, identifer: y, provider: x}\nfallbacks: {z: []}\n")
    assert [line.split(":")[1] for line in found] == ["1", "4", "4", "4", "4", "5"]


def test_a_literal_secret_is_refused_and_not_repeated() -> None:
    found = wrong("models: [{id: a, identifier: x, provider: openai, api_key: sk-canary-1}]")
    assert "a secret is not written into a file" in found[0]
    assert "sk-canary-1" not in found[0]


def test_an_id_of_the_api_is_not_taken_over() -> None:
    found = wrong(MODEL, Elsewhere(models={"a"}))
    assert found == ["f.yaml:2:10: model `a` was registered by the API: delete it there first, or use another id"]


def test_what_exists_elsewhere_may_be_named() -> None:
    text = "fallbacks: {a: [there]}\nserver: {pass_through_project: other}\n" + MODEL
    assert parse(text, elsewhere=Elsewhere({"there"}, {"other"})).layer.fallbacks == {"a": ("there",)}


def test_a_key_with_nothing_behind_it_says_nothing() -> None:
    file = parse("models:\nserver:\nprojects:\n  - {id: a, budgets: , name: }\n")
    assert file.layer.models == ()
    assert file.layer.projects[0].budgets.daily_usd is None


def test_an_unknown_key_with_nothing_behind_it_is_still_unknown() -> None:
    assert "unknown key `polices`" in wrong("polices:\n")[0]


def test_prices_keep_every_digit() -> None:
    text = (
        "models: [{id: a, identifier: x, provider: openai, input_cost_per_1k: 0.000000000001, output_cost_per_1k: 1}]"
    )
    assert parse(text).layer.models[0].input_cost_per_1k == Decimal("0.000000000001")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no\.yaml: cannot be read"):
        read_file(tmp_path / "no.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read_file(tmp_path / "bytes.yaml")


def test_a_tier_names_one_model_or_several_and_routing_is_strict() -> None:
    models = "models: [{id: a, identifier: x, provider: openai}, {id: b, identifier: y, provider: openai}]\n"
    text = (
        models
        + "tiers: {simple: [a, b]}\nrouting: {strategy: weighted, weights: {a: 3, b: 0}}\n"
        + "projects: [{id: p, default_model: 'tier:simple', tiers: {complex: b}, model_policy: tier}]\n"
    )
    layer = parse(text, elsewhere=Elsewhere()).layer
    assert layer.tiers == {"simple": ("a", "b")}
    assert (layer.routing.strategy, layer.routing.weights) == ("weighted", {"a": 3, "b": 0})
    project = layer.projects[0]
    assert (project.tiers, project.model_policy, project.routing) == ({"complex": ("b",)}, "tier", None)
    bad = (
        models
        + "tiers: {simple: [a, c], huge: a}\nrouting: {strategy: fastest, weights: {z: 1, a: -1}}\n"
        + "projects: [{id: p, default_model: 'tier:simpel', tiers: {medium: z}, routing: {strategi: x}}]\n"
    )
    words = "\n".join(wrong(bad))
    for told in (
        "f.yaml:2:21: model `c` is not declared",
        "unknown key `huge`",
        "`fastest` is not one of `ordered`, `weighted`",
        "model `z` is not declared",
        "must be at least 0",
        "model `tier:simpel` is not declared",
        "unknown key `strategi`: did you mean `strategy`?",
    ):
        assert told in words, (told, words)


@pytest.mark.parametrize("name", ["auto", "tier:simple", "tier:x"])
def test_no_model_is_called_what_chooses_a_tier(name: str) -> None:
    (told,) = wrong(f"models: [{{id: '{name}', identifier: x, provider: openai}}]\n")
    assert "`id` is not a model's: `auto` and names that begin with `tier:` choose a tier" in told


def test_data_policies_are_demands_of_projects_and_terms_of_models() -> None:
    text = (
        "models: [{id: a, identifier: x, provider: openai, data_policy: {zero_retention: true, training: false, region: eu}}]\n"
        "projects: [{id: p, data_policy: {zero_retention: true, no_training: true, regions: [eu], private_only: false}}]\n"
    )
    layer = parse(text, elsewhere=Elsewhere()).layer
    assert layer.models[0].data_policy == DataTerms(zero_retention=True, training=False, region="eu")
    assert layer.projects[0].data_policy == DataPolicy(zero_retention=True, no_training=True, regions=("eu",))
    words = "\n".join(wrong("projects: [{id: p, data_policy: {regions: [], region: eu}}]\n"))
    assert "unknown key `region`: did you mean `regions`?" in words


def test_a_project_with_an_empty_cache_has_one() -> None:
    said = "projects: [{id: p, cache: {}}, {id: q}, {id: r, cache: {ttl_seconds: 5, temperature_zero_only: false}}]"
    p, q, r = parse(said).layer.projects
    assert (p.cache, q.cache, r.cache) == (CacheRules(), None, CacheRules(5.0, temperature_zero_only=False))
