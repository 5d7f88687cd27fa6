from pathlib import Path

import pytest

from gatepost_gateway.control import webhook_registry
from gatepost_gateway.control.webhook_registry import PREFIX, changeable, declared
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.webhooks import purpose_of
from gatepost_gateway.settings import ConfigurationError
from gatepost_gateway.settings.declared import DeclaredWebhook, SecretSource
from gatepost_gateway.settings.webhook_shapes import WebhookFields

from .house import make

SAID = WebhookFields.model_validate({"url": "https://x.test/in", "thresholds": [90]})


def test_made_changed_rotated_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plane = make(tmp_path)
    hooks, vault = plane.webhooks, plane.vault
    made, secret = hooks.add(None, SAID, {"default"}, by="t")
    assert made.id.startswith("wh_")
    assert secret.reveal().startswith(PREFIX)
    assert made.secret is not None
    assert made.secret.purpose == purpose_of(made.id)
    assert vault.open(made.secret).reveal() == secret.reveal()
    with pytest.raises(CallerError, match="exists"):
        hooks.add(made.id, SAID, {"default"}, by="t")
    with pytest.raises(ConfigurationError, match="does not exist"):
        hooks.add("b", SAID.model_copy(update={"project": "nope"}), {"default"}, by="t")
    turned, newer = hooks.rotate(made, 60, by="t")
    assert [vault.open(one).reveal() for one in turned.signing(plane.clock.micros())] == [
        newer.reveal(),
        secret.reveal(),
    ]
    changed = hooks.put(turned, WebhookFields.model_validate({"url": "https://y.test"}), {"default"}, by="t")
    assert (changed.url, changed.thresholds, changed.secret) == ("https://y.test", (50, 80, 100), turned.secret)
    monkeypatch.setattr(webhook_registry, "MOST", 1)
    with pytest.raises(CallerError, match="delete one first"):
        hooks.add("c", SAID, {"default"}, by="t")
    plane.close()
    plane = make(tmp_path)
    assert plane.webhooks.get(made.id, None) == (changed, "api"), "it is stored"
    with pytest.raises(CallerError, match="no webhook"):
        plane.webhooks.get(made.id, "default")
    plane.webhooks.remove(changed, by="t")
    assert plane.webhooks.all() == []
    plane.close()


def test_one_of_the_file_is_changed_there() -> None:
    hook = declared(DeclaredWebhook(id="a", url="https://x.test", secret=SecretSource(env="A")))
    assert (hook.id, hook.secret, hook.signing(0)) == ("a", None, [])
    with pytest.raises(CallerError, match="declared in the file"):
        changeable(hook, "file")
    assert changeable(hook, "api") is hook
