"""The webhooks: declared by the file or made by the API. Those of the API stand in the log of identities, with their
secrets, so that no rollback of the configuration brings an old secret back.
"""

import secrets

from msgspec import convert, structs

from gatepost_gateway.control.configuration import Configuration
from gatepost_gateway.control.identity import Keyring
from gatepost_gateway.domain import ids
from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.webhooks import Webhook, purpose_of
from gatepost_gateway.settings import ConfigurationError, Problem
from gatepost_gateway.settings.declared import DeclaredWebhook
from gatepost_gateway.settings.webhook_shapes import WebhookFields
from gatepost_gateway.storage.config import WebhookGone, WebhookSet
from gatepost_gateway.storage.vault import Vault

MOST = 200
"""Webhooks of the API."""
PREFIX = "whsec_"


def declared(hook: DeclaredWebhook) -> Webhook:
    """A webhook of the file."""
    fields = {name: getattr(hook, name) for name in hook.__struct_fields__ if name not in ("secret", "previous_secret")}
    previous = hook.previous_secret
    return Webhook(**fields, secret=hook.secret.sealed, previous=previous.sealed if previous is not None else None)


class WebhookRegistry:
    """Writers come one at a time."""

    def __init__(self, configuration: Configuration, keyring: Keyring, vault: Vault, clock: Clock) -> None:
        self._configuration = configuration
        self._keyring = keyring
        self._vault = vault
        self._clock = clock

    def all(self) -> list[tuple[Webhook, str]]:
        """Each with its owner, `file` or `api`."""
        of_file = [(declared(hook), "file") for hook in self._configuration.document.file.webhooks]
        return of_file + [(hook, "api") for hook in self._keyring.identities.webhooks.values()]

    def get(self, wanted: str, project: str | None) -> tuple[Webhook, str]:
        """`project`: who asks sees that one's only; None: every one. Raises CallerError (404)."""
        for hook, owner in self.all():
            if hook.id == wanted and project in (None, hook.project):
                return hook, owner
        raise CallerError(f"there is no webhook `{wanted[:80]}`", code=Code.NOT_FOUND, status=404)

    def add(self, wanted: str | None, said: WebhookFields, projects: set[str], *, by: str) -> tuple[Webhook, Secret]:
        """A new webhook with its secret, which is told this once. Raises CallerError (409), ConfigurationError."""
        name = wanted or f"wh_{ids.random_hex(16)}"
        if any(hook.id == name for hook, _ in self.all()):
            raise CallerError(f"webhook `{name}` exists: change it with PUT", code=Code.CONFLICT, status=409)
        if len(self._keyring.identities.webhooks) >= MOST:
            raise CallerError(f"there are {MOST} webhooks: delete one first", code=Code.CONFLICT, status=409)
        secret = _made()
        hook = structs.replace(_said(name, said, projects), secret=self._vault.seal(secret, purpose_of(name)))
        self._keyring.record([WebhookSet(hook)], by=by)
        return hook, secret

    def put(self, before: Webhook, said: WebhookFields, projects: set[str], *, by: str) -> Webhook:
        """Replaces all but the id and the secrets. Raises ConfigurationError."""
        said_now = _said(before.id, said, projects)
        hook = structs.replace(
            said_now, secret=before.secret, previous=before.previous, previous_until=before.previous_until
        )
        self._keyring.record([WebhookSet(hook)], by=by)
        return hook

    def rotate(self, before: Webhook, overlap_seconds: int, *, by: str) -> tuple[Webhook, Secret]:
        """A new secret, told this once; the one before signs too until the overlap is over."""
        secret = _made()
        hook = structs.replace(
            before,
            secret=self._vault.seal(secret, purpose_of(before.id)),
            previous=before.secret,
            previous_until=self._clock.micros() + overlap_seconds * 1_000_000,
        )
        self._keyring.record([WebhookSet(hook)], by=by)
        return hook, secret

    def remove(self, hook: Webhook, *, by: str) -> None:
        self._keyring.record([WebhookGone(hook.id)], by=by)


def changeable(hook: Webhook, owner: str) -> Webhook:
    """Raises CallerError (409) for one of the file."""
    if owner == "file":
        raise CallerError(
            f"webhook `{hook.id}` is declared in the file",
            code=Code.MANAGED_BY_FILE,
            status=409,
            hint="change it there and run `gatepost apply -f gatepost.yaml`",
        )
    return hook


def _made() -> Secret:
    return Secret(PREFIX + secrets.token_urlsafe(32))


def _said(name: str, said: WebhookFields, projects: set[str]) -> Webhook:
    if said.project is not None and said.project not in projects:
        raise ConfigurationError((Problem("project", f"project `{said.project}` does not exist"),))
    return convert({**said.model_dump(exclude_none=True), "id": name}, Webhook)
