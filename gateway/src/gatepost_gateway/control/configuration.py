"""The configuration: who may change what, and every accepted change a new version."""

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from gatepost_gateway.control.compose import ADDRESSES, origin
from gatepost_gateway.control.proxy_rules import check_named
from gatepost_gateway.control.rego import Check, Checker, read_policies
from gatepost_gateway.control.rule_check import check_chain
from gatepost_gateway.control.secrets import Keeper, UnreachableError, purpose_of, sealed_layer
from gatepost_gateway.control.shapes import ModelChange
from gatepost_gateway.control.view import Change, changes
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import KeyState, ProviderKind
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.settings import (
    DEFAULT_PROJECT,
    SANDBOX_MODEL,
    ConfigFile,
    ConfigurationError,
    Elsewhere,
    Problem,
    parse,
)
from gatepost_gateway.settings.declared import DeclaredModel, Document, Layer, SecretSource
from gatepost_gateway.storage.config import ConfigStore, Identities, Kept


class Applied(Struct, frozen=True):
    """What an apply did; with a dry run, what it would do. `number` is the version in force afterwards."""

    number: int
    changes: list[Change]
    warnings: tuple[str, ...] = ()


class Configuration:
    """The versions in `store`. Writers come one at a time; the caller publishes what it made."""

    def __init__(self, store: ConfigStore, keeper: Keeper) -> None:
        self._store = store
        self._keeper = keeper
        self.check_policies: Check = Checker()
        current = store.current()
        if current is None:
            store.append(Document(), base=0, by="gatepost", note="first start")
            current = store.get(1)
        self.current: Kept = current

    def reread(self) -> None:
        """Takes the version in force as it is stored now."""
        self.current = self._store.current() or self.current

    @property
    def document(self) -> Document:
        return self.current.document

    def parse(self, text: str, name: str, base: Path) -> ConfigFile:
        """A checked file, references to what the API made included. Raises ConfigurationError."""
        identities = self._store.identities()
        elsewhere = Elsewhere(
            {model.id for model in self.document.api.models},
            set(identities.projects),
            {proxy.id for proxy in self.document.api.proxies},
            {rule.name for rule in self.document.api.rules},
            set(identities.webhooks),
            lambda spec: load_rule(spec, Toolbox()),
        )
        return parse(text, name, base, elsewhere)

    def apply(self, file: ConfigFile, *, by: str, note: str, dry_run: bool = False) -> Applied:
        """Makes `file` the file's layer. Raises ConfigurationError, or CallerError (409); nothing is half applied."""
        layer, warnings = sealed_layer(file, self.document.file, self._keeper)
        layer = read_policies(file, layer, self.document.file, self.check_policies)
        return self._become(
            structs.replace(self.document, file=layer), by=by, note=note, dry_run=dry_run, warnings=warnings
        )

    def rollback(self, number: int, *, by: str) -> Applied:
        """A new version equal to version `number`. Identities are no part of it."""
        before = self._store.get(number)
        note = f"rollback to version {number}"
        document = before.document
        self._check(document, self._store.identities())
        made = changes(self.document, document)
        return Applied(self._append(document, by=by, note=note), made)

    def diff(self, before: int, after: int) -> list[Change]:
        return changes(self._store.get(before).document, self._store.get(after).document)

    def model(self, model_id: str) -> tuple[DeclaredModel, str]:
        """An entry and its owner. Raises CallerError (404)."""
        for owner, layer in (("file", self.document.file), ("api", self.document.api)):
            for model in layer.models:
                if model.id == model_id:
                    return model, owner
        raise CallerError(f"model `{model_id}` is not registered", code=Code.NOT_FOUND, status=404)

    def models(self) -> list[tuple[DeclaredModel, str]]:
        layers = (("file", self.document.file), ("api", self.document.api))
        return [(model, owner) for owner, layer in layers for model in layer.models]

    def add_model(self, model_id: str, said: ModelChange, *, by: str) -> DeclaredModel:
        """Registers an entry. Raises CallerError (409) when the id is taken."""
        self._owned(model_id)
        if any(model.id == model_id for model in self.document.api.models):
            raise CallerError(f"model `{model_id}` exists: change it with PUT", code=Code.CONFLICT, status=409)
        model = self._declared(model_id, said, None)
        self._keep_models((*self.document.api.models, model), by=by, note=f"model {model_id} added")
        return model

    def put_model(self, model_id: str, said: ModelChange, *, by: str) -> DeclaredModel:
        """Replaces an entry; a key that was not said stays."""
        before = self._changeable(model_id)
        model = self._declared(model_id, said, before)
        models = tuple(model if one.id == model_id else one for one in self.document.api.models)
        self._keep_models(models, by=by, note=f"model {model_id} changed")
        return model

    def remove_model(self, model_id: str, *, by: str) -> None:
        """Takes an entry away. Raises CallerError (409) while something refers to it."""
        self._changeable(model_id)
        self._unused(model_id)
        models = tuple(one for one in self.document.api.models if one.id != model_id)
        self._keep_models(models, by=by, note=f"model {model_id} removed")

    def _changeable(self, model_id: str) -> DeclaredModel:
        self._owned(model_id)
        return self.model(model_id)[0]

    def _owned(self, model_id: str) -> None:
        """Raises CallerError (409) for what the API does not own."""
        if model_id == SANDBOX_MODEL:
            raise CallerError(f"model `{model_id}` is built in and cannot be changed", code=Code.CONFLICT, status=409)
        if any(model.id == model_id for model in self.document.file.models):
            raise CallerError(
                f"model `{model_id}` is declared in the file",
                code=Code.MANAGED_BY_FILE,
                status=409,
                hint="change it there and run `gatepost apply -f gatepost.yaml`",
            )

    def _unused(self, model_id: str) -> None:
        file = self.document.file
        users = [f"fallbacks.{name}" for name, others in file.fallbacks.items() if model_id in (name, *others)]
        proxies = (*file.proxies, *self.document.api.proxies)
        users += [f"proxies.{one.id}.target_model" for one in proxies if one.target_model == model_id]
        users += [f"projects.{one.id}.default_model" for one in file.projects if one.default_model == model_id]
        users += [f"tiers.{tier}" for tier, ids in file.tiers.items() if model_id in ids]
        users += [
            f"projects.{one.id}.tiers.{tier}"
            for one in file.projects
            for tier, ids in one.tiers.items()
            if model_id in ids
        ]
        if users:
            raise CallerError(
                f"model `{model_id}` is named by {', '.join(f'`{user}`' for user in users)}: change that first",
                code=Code.CONFLICT,
                status=409,
            )

    def _declared(self, model_id: str, said: ModelChange, before: DeclaredModel | None) -> DeclaredModel:
        fields: dict[str, Any] = said.model_dump(exclude_none=True, exclude={"id", "api_key"})
        model = msgspec.convert({**fields, "id": model_id}, DeclaredModel)
        if model.project is not None and model.project not in self._projects(self.document, self._store.identities()):
            raise ConfigurationError((Problem("project", f"project `{model.project}` does not exist"),))
        stored = before.api_key if before is not None else None
        if said.api_key is not None:
            return structs.replace(model, api_key=self._sealed(model_id, said.api_key, stored))
        if stored is not None and before is not None and _address(before) != _address(model):
            raise ConfigurationError(
                (
                    Problem(
                        "api_key", "the stored key belongs to another address: send the key together with the new one"
                    ),
                )
            )
        return structs.replace(model, api_key=stored)

    def _sealed(self, model_id: str, said: str | dict[str, str], stored: SecretSource | None) -> SecretSource:
        if isinstance(said, str):
            return self._keeper.seal(purpose_of(model_id), Secret(said), stored, SecretSource())
        source = SecretSource(env=said.get("env"), file=said.get("file"))
        try:
            secret = self._keeper.fetch(source, Path())
        except UnreachableError as error:
            raise ConfigurationError((Problem("api_key", str(error)),)) from error
        if secret is None:
            raise ConfigurationError((Problem("api_key", f"the variable `{source.env}` is not set"),))
        return self._keeper.seal(purpose_of(model_id), secret, stored, source)

    def _keep_models(self, models: tuple[DeclaredModel, ...], *, by: str, note: str) -> None:
        self.keep_api(structs.replace(self.document.api, models=models), by=by, note=note)

    def keep_api(self, layer: Layer, *, by: str, note: str) -> None:
        """Makes `layer` what the API declares. Raises CallerError (409) when something would lose its project."""
        self._become(structs.replace(self.document, api=layer), by=by, note=note)

    def _become(
        self, document: Document, *, by: str, note: str, dry_run: bool = False, warnings: tuple[str, ...] = ()
    ) -> Applied:
        """Makes `document` the newest version, unless it is no other than the current one."""
        self._check(document, self._store.identities())
        if document == self.document:
            return Applied(self.current.version.number, [], warnings)
        made = changes(self.document, document)
        if dry_run:
            return Applied(self.current.version.number, made, warnings)
        return Applied(self._append(document, by=by, note=note), made, warnings)

    def _append(self, document: Document, *, by: str, note: str) -> int:
        number = self._store.append(document, base=self.current.version.number, by=by, note=note)
        self.current = self._store.get(number)
        return number

    def _projects(self, document: Document, identities: Identities) -> set[str]:
        return {project.id for project in document.file.projects} | set(identities.projects) | {DEFAULT_PROJECT}

    def _check(self, document: Document, identities: Identities) -> None:
        """Raises CallerError (409) when the change would leave a key or an entry without its project, or a chain
        without a rule that it names, and ConfigurationError when a rule of it cannot be carried out.
        """
        check_chain(document)
        check_named(document)
        projects = self._projects(document, identities)
        keys = [key for key in identities.keys.values() if key.state is not KeyState.REVOKED]
        orphans = [f"key `{key.id}`" for key in keys if key.project not in projects]
        orphans += [f"model `{one.id}`" for one in document.api.models if one.project not in (None, *projects)]
        proxies = {one.id: one.project for one in (*document.file.proxies, *document.api.proxies)}
        orphans += [f"rule `{one.name}`" for one in document.api.rules if one.project not in (None, *projects)]
        orphans += [f"rule `{one.name}`" for one in document.api.rules if one.proxy not in (None, *proxies)]
        orphans += [f"proxy `{name}`" for name, project in proxies.items() if project not in projects]
        orphans += [
            f"key `{key.id}`" for key in keys if key.proxy is not None and proxies.get(key.proxy) != key.project
        ]
        if orphans:
            names = ", ".join(orphans[:5])
            raise CallerError(
                f"this would take away the project or the proxy of {names}: revoke or remove these first",
                code=Code.CONFLICT,
                status=409,
            )


def _address(model: DeclaredModel) -> tuple[Any, ...]:
    """Where an entry's key goes."""
    url = model.base_url or ADDRESSES.get(ProviderKind(model.provider), "")
    return (model.provider, *origin(url))
