"""The keys of judges outside."""

from pathlib import Path

from gatepost_gateway.control.judges import judge_keys
from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.settings.declared import DeclaredModel, Document, Layer, SecretSource
from gatepost_gateway.storage.vault import open_vault


def rule(name: str, **ref: str) -> RuleSpec:
    settings = {"endpoint": "https://judge.test/v1/moderations", "secret_key_ref": ref}
    return RuleSpec(name=name, kind="external-moderation", settings=settings)


def test_a_key_is_read_where_the_rule_says_and_travels_sealed(tmp_path: Path) -> None:
    vault = open_vault(tmp_path, None)
    stored = SecretSource(sealed=vault.seal(Secret("sk-stored"), "model/here"))
    models = (
        DeclaredModel(id="here", provider="openai", identifier="m", base_url="https://judge.test/v1", api_key=stored),
        DeclaredModel(id="there", provider="openai", identifier="m", base_url="https://other.test/v1", api_key=stored),
        DeclaredModel(id="keyless", provider="openai", identifier="m", base_url="https://judge.test/v1"),
    )
    rules = (
        rule("from-env", env="JUDGE_KEY"),
        rule("no-env", env="MISSING"),
        rule("odd", env="ODD"),
        rule("from-store", store="here"),
        rule("elsewhere", store="there"),
        rule("keyless", store="keyless"),
        rule("nowhere", store="gone"),
        RuleSpec(name="other", kind="redactor"),
    )
    document = Document(file=Layer(models=models, rules=rules[:4]), api=Layer(rules=rules[4:]))
    found = judge_keys(document, {"JUDGE_KEY": Secret("s3cret"), "ODD": Secret("two\nlines")}, vault)
    opened = {name: vault.open(sealed).reveal() if sealed is not None else None for name, sealed in found.items()}
    assert opened == {
        "from-env": "s3cret",
        "no-env": None,
        "odd": None,
        "from-store": "sk-stored",
        "elsewhere": None,
        "keyless": None,
        "nowhere": None,
    }
    assert b"s3cret" not in repr(found).encode()
