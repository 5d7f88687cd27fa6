"""The secrets that a configuration names: read where they are kept, sealed before anything is stored."""

from pathlib import Path

from msgspec import Struct, structs

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.settings import ConfigFile, ConfigurationError, Environment, Problem
from gatepost_gateway.settings.declared import DeclaredModel, Layer, SecretSource
from gatepost_gateway.storage.vault import Vault

_MOST_BYTES = 64 * 1024


class UnreachableError(Exception):
    """A secret cannot be read; the text says why, never what."""


class Keeper(Struct, frozen=True):
    """Reads, seals and compares secrets. `data_dir` is closed to them: what it holds goes to no provider."""

    vault: Vault
    environment: Environment
    data_dir: Path

    def seal(self, model_id: str, secret: Secret, before: SecretSource | None, source: SecretSource) -> SecretSource:
        """`source` with its secret as ciphertext; an unchanged secret keeps its box, so that nothing looks changed."""
        mark = self.vault.mark(secret)
        purpose = purpose_of(model_id)
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


def sealed_layer(file: ConfigFile, before: Layer, keeper: Keeper) -> tuple[Layer, tuple[str, ...]]:
    """The file's layer with its secrets sealed, and warnings for variables that are not set.

    Raises ConfigurationError, with line and column, for secrets that cannot be read.
    """
    known = {model.id: model.api_key for model in before.models}
    warnings: list[str] = []
    problems: list[Problem] = []
    models: list[DeclaredModel] = []
    for index, model in enumerate(file.layer.models):
        if model.api_key is None:
            models.append(model)
            continue
        mark = file.tree.at(("models", index, "api_key"))
        where = f"{file.name}:{mark.line}:{mark.column}"
        try:
            secret = keeper.fetch(model.api_key, file.base)
        except UnreachableError as error:
            problems.append(Problem(where, str(error)))
            continue
        source = model.api_key
        if secret is None:
            warnings.append(f"{where}: the variable `{source.env}` is not set: model `{model.id}` has no key")
        elif not usable(secret.reveal()):
            problems.append(Problem(where, f"the variable `{source.env}` is not one line of visible ASCII characters"))
        else:
            source = keeper.seal(model.id, secret, known.get(model.id), source)
        models.append(structs.replace(model, api_key=source))
    if problems:
        raise ConfigurationError(tuple(problems))
    return structs.replace(file.layer, models=tuple(models)), tuple(warnings)
