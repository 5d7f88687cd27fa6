"""Documents as they may be shown: every secret is replaced by where it comes from."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, cast

import msgspec
from msgspec import Struct, field

from gatepost_gateway.settings.declared import DeclaredModel, DeclaredWebhook, Document, Layer, SecretSource


class Change(Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """One difference between two documents."""

    path: str
    op: str
    before: Any = field(default=None)
    after: Any = field(default=None)


def decimal_text(value: Decimal) -> str:
    """An exact decimal without exponent and without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def source_text(source: SecretSource) -> str:
    """Where a secret comes from, in words."""
    if source.env is not None:
        return f"from the variable {source.env}" + ("" if source.sealed is not None else " (not set)")
    return f"from the file {source.file}" if source.file is not None else "set by the API"


def shown(document: Document) -> dict[str, Any]:
    """A version's document without secrets, with an owner at each entry."""
    found = _layer(document.file)
    found["models"] = [
        {**model_fields(model), "managed_by": owner}
        for owner, layer in (("file", document.file), ("api", document.api))
        for model in layer.models
    ]
    found["proxies"] = list(_proxies(document).values())
    found["budgets"] = list(_budgets(document).values())
    found["webhooks"] = [_hook(hook) for hook in document.file.webhooks]
    found["policies"] = list(_rules(document).values())
    return found


def model_fields(model: DeclaredModel) -> dict[str, Any]:
    """An entry's fields without its key."""
    fields = cast("dict[str, Any]", _plain(msgspec.structs.asdict(model)))
    fields["api_key"] = None if model.api_key is None else source_text(model.api_key)
    return fields


def changes(before: Document, after: Document) -> list[Change]:
    """What differs, path by path, in the order of the paths."""
    return sorted(_differ("", _comparable(before), _comparable(after)), key=lambda change: change.path)


class _Key(Struct, frozen=True):
    """A secret in a comparison: told apart by its mark, shown by its source."""

    source: str
    mark: str | None


def _comparable(document: Document) -> dict[str, Any]:
    found = _layer(document.file)
    found["projects"] = {project["id"]: project for project in found["projects"]}
    models: dict[str, Any] = {}
    for owner, layer in (("file", document.file), ("api", document.api)):
        for model in layer.models:
            fields = {**model_fields(model), "managed_by": owner}
            if model.api_key is not None:
                fields["api_key"] = _Key(source_text(model.api_key), model.api_key.mark)
            models[model.id] = fields
    found["models"] = models
    found["proxies"] = _proxies(document)
    found["budgets"] = _budgets(document)
    found["policies"] = _rules(document)
    found["webhooks"] = {hook.id: _hook(hook) | _hook_keys(hook) for hook in document.file.webhooks}
    return found


def _hook(hook: DeclaredWebhook) -> dict[str, Any]:
    fields = cast("dict[str, Any]", _plain(msgspec.structs.asdict(hook)))
    secrets = {"secret": hook.secret, "previous_secret": hook.previous_secret}
    return fields | {name: source_text(one) if one is not None else None for name, one in secrets.items()}


def _hook_keys(hook: DeclaredWebhook) -> dict[str, Any]:
    secrets = {"secret": hook.secret, "previous_secret": hook.previous_secret}
    return {name: _Key(source_text(one), one.mark) for name, one in secrets.items() if one is not None}


def _proxies(document: Document) -> dict[str, Any]:
    return {
        proxy.id: {**_plain(proxy), "managed_by": owner}
        for owner, layer in (("file", document.file), ("api", document.api))
        for proxy in layer.proxies
    }


def _budgets(document: Document) -> dict[str, Any]:
    return {
        budget.id: {**_plain(budget), "managed_by": owner}
        for owner, layer in (("file", document.file), ("api", document.api))
        for budget in layer.budgets
    }


def _rules(document: Document) -> dict[str, Any]:
    return {
        rule.name: {**_plain(rule), "managed_by": owner}
        for owner, layer in (("file", document.file), ("api", document.api))
        for rule in layer.rules
    }


def _layer(layer: Layer) -> dict[str, Any]:
    fields = msgspec.structs.asdict(msgspec.structs.replace(layer, models=(), webhooks=()))
    del fields["rules"]
    return cast("dict[str, Any]", _plain(fields))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, Struct):
        return _plain(msgspec.structs.asdict(value))
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast("list[Any]", value)]
    return value


def _differ(path: str, before: Any, after: Any) -> Iterable[Change]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        old, new = cast("dict[str, Any]", before), cast("dict[str, Any]", after)
        for key in dict.fromkeys([*old, *new]):
            yield from _differ(f"{path}.{key}" if path else key, old.get(key), new.get(key))
    elif _nothing(before):
        yield Change(path, "add", None, _told(after))
    elif _nothing(after):
        yield Change(path, "remove", _told(before), None)
    elif isinstance(before, _Key) and isinstance(after, _Key) and before.source == after.source:
        yield Change(path, "change", before.source, f"{after.source} (another key)")
    else:
        yield Change(path, "change", _told(before), _told(after))


def _nothing(value: Any) -> bool:
    return value in (None, {}, [])


def _told(value: Any) -> Any:
    if isinstance(value, _Key):
        return value.source
    if isinstance(value, dict):
        told = {key: _told(item) for key, item in cast("dict[str, Any]", value).items()}
        return {key: item for key, item in told.items() if item not in (None, "", [], {})}
    return value
