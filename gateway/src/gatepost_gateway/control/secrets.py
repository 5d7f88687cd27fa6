"""The secrets that a configuration names: read where they are kept, sealed before anything is stored."""

from pathlib import Path

from msgspec import Struct, structs

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.webhooks import purpose_of as hook_purpose
from gatepost_gateway.settings import ConfigFile, ConfigurationError, Environment, Problem
from gatepost_gateway.settings.declared import DeclaredModel, DeclaredWebhook, Layer, SecretSource
from gatepost_gateway.settings.problems import Path as Place
from gatepost_gateway.storage.vault import Vault

_MOST_BYTES = 64 * 1024
SHORTEST = 16
"""Characters of a secret that signs."""


class UnreachableError(Exception):
    """A secret cannot be read; the text says why, never what."""


class Owner(Struct, frozen=True):
    """Whose secret it is, in words, and what it is sealed for. `needed`: without it there is no use."""

    name: str
    purpose: str
    needed: bool = False


class Keeper(Struct, frozen=True):
    """Reads, seals and compares secrets. `data_dir` is closed to them: what it holds goes to no provider."""

    vault: Vault
    environment: Environment
    data_dir: Path

    def seal(self, purpose: str, secret: Secret, before: SecretSource | None, source: SecretSource) -> SecretSource:
        """`source` with its secret as ciphertext; an unchanged secret keeps its box, so that nothing looks changed."""
        mark = self.vault.mark(secret)
        if (
            before is not None
            and before.mark == mark
            and before.sealed is not None
            and before.sealed.purpose == purpose
        ):
            return structs.replace(source, sealed=before.sealed, mark=mark)
        return structs.replace(source, sealed=self.vault.seal(secret, purpose), mark=mark)

    def fetch(self, source: SecretSource, base: Path) -> Secret | None:
        """What stands at `source`; None for a variable that is not set. Raises UnreachableError for a file."""
        if source.env is not None:
            return self.environment.variables.get(source.env)
        assert source.file is not None
        path = (base / source.file).resolve()
        if path.is_relative_to(self.data_dir.resolve()):
            raise UnreachableError(
                f"`{source.file}` is in the gateway's own data directory: keep provider keys elsewhere"
            )
        try:
            with path.open("rb") as handle:
                data = handle.read(_MOST_BYTES + 1)
        except OSError as error:
            reason = (error.strerror or "unreadable").lower()
            raise UnreachableError(f"the secret file `{source.file}` cannot be read: {reason}") from error
        text = data.decode("latin-1").strip()
        if not usable(text):
            raise UnreachableError(
                f"the secret file `{source.file}` does not hold one line of visible ASCII characters"
            )
        return Secret(text)


def usable(text: str) -> bool:
    """Whether `text` can be sent in a header."""
    return bool(text) and len(text) <= 8192 and text.isascii() and text.isprintable() and " " not in text


def purpose_of(model_id: str) -> str:
    """What an entry's key is sealed for."""
    return f"model/{model_id}"


class _Sealing:
    """The secrets of one file on their way into its layer, and what is wrong with them."""

    def __init__(self, file: ConfigFile, keeper: Keeper) -> None:
        self._file = file
        self._keeper = keeper
        self.problems: list[Problem] = []
        self.warnings: list[str] = []

    def seal(self, at: Place, source: SecretSource, before: SecretSource | None, owner: Owner) -> SecretSource:
        """`source` with its secret as ciphertext; as it is where there is none, or something is wrong with it."""
        mark = self._file.tree.at(at)
        where = f"{self._file.name}:{mark.line}:{mark.column}"
        try:
            secret = self._keeper.fetch(source, self._file.base)
        except UnreachableError as error:
            self.problems.append(Problem(where, str(error)))
            return source
        if secret is None:
            words = f"the variable `{source.env}` is not set"
            if owner.needed:
                self.problems.append(Problem(where, f"{words}: {owner.name} has no secret to sign with"))
            else:
                self.warnings.append(f"{where}: {words}: {owner.name} has no key")
        elif not usable(secret.reveal()):
            self.problems.append(
                Problem(where, f"the variable `{source.env}` is not one line of visible ASCII characters")
            )
        elif owner.needed and len(secret.reveal()) < SHORTEST:
            self.problems.append(Problem(where, f"the secret of {owner.name} has fewer than {SHORTEST} characters"))
        else:
            return self._keeper.seal(owner.purpose, secret, before, source)
        return source


def sealed_layer(file: ConfigFile, before: Layer, keeper: Keeper) -> tuple[Layer, tuple[str, ...]]:
    """The file's layer with its secrets sealed, and warnings for variables that are not set.

    Raises ConfigurationError, with line and column, for secrets that cannot be read.
    """
    work = _Sealing(file, keeper)
    known = {model.id: model.api_key for model in before.models}
    models: list[DeclaredModel] = []
    for index, model in enumerate(file.layer.models):
        source = model.api_key
        if source is not None:
            owner = Owner(f"model `{model.id}`", purpose_of(model.id))
            source = work.seal(("models", index, "api_key"), source, known.get(model.id), owner)
        models.append(structs.replace(model, api_key=source))
    hooks = [_sealed_hook(work, index, hook, before) for index, hook in enumerate(file.layer.webhooks)]
    if work.problems:
        raise ConfigurationError(tuple(work.problems))
    return structs.replace(file.layer, models=tuple(models), webhooks=tuple(hooks)), tuple(work.warnings)


def _sealed_hook(work: _Sealing, index: int, hook: DeclaredWebhook, before: Layer) -> DeclaredWebhook:
    owner = Owner(f"webhook `{hook.id}`", hook_purpose(hook.id), needed=True)
    old = next((one for one in before.webhooks if one.id == hook.id), None)
    secret = work.seal(("webhooks", index, "secret"), hook.secret, old.secret if old else None, owner)
    previous = hook.previous_secret
    if previous is not None:
        place = ("webhooks", index, "previous_secret")
        previous = work.seal(place, previous, old.previous_secret if old else None, owner)
    return structs.replace(hook, secret=secret, previous_secret=previous)
