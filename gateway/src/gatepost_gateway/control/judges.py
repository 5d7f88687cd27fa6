"""The keys that judges outside are shown: read where the rules say, sealed for the data plane, stored in no version."""

from collections.abc import Mapping

from gatepost_gateway.control.compose import ADDRESSES, origin
from gatepost_gateway.control.secrets import usable
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ProviderKind, Sealed
from gatepost_gateway.policy.kinds.reviewing import endpoint_of, key_ref
from gatepost_gateway.settings.declared import DeclaredModel, Document
from gatepost_gateway.storage.vault import Vault


def judge_keys(document: Document, variables: Mapping[str, Secret], vault: Vault) -> dict[str, Sealed | None]:
    """By the names of the rules; None where a key is not there, or is for another address."""
    models = {model.id: model for layer in (document.api, document.file) for model in layer.models}
    found: dict[str, Sealed | None] = {}
    for rule in (*document.file.rules, *document.api.rules):
        ref = key_ref(rule)
        if ref is None:
            continue
        if ref.env is not None:
            secret = variables.get(ref.env)
            fit = secret is not None and usable(secret.reveal())
            found[rule.name] = vault.seal(secret, f"judge/{rule.name}") if secret is not None and fit else None
        else:
            found[rule.name] = _stored(models.get(ref.store or ""), endpoint_of(rule))
    return found


def _stored(model: DeclaredModel | None, endpoint: str) -> Sealed | None:
    """A model's own key, which goes to its own address and nowhere else."""
    if model is None or model.api_key is None:
        return None
    base_url = model.base_url or ADDRESSES.get(ProviderKind(model.provider), "")
    return model.api_key.sealed if origin(base_url) == origin(endpoint) else None
