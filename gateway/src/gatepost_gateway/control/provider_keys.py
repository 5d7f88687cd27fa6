"""`/v1/keys`: the provider keys that a project brings. They are sealed at once and never shown again."""

import msgspec
from msgspec import Struct

from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House, by
from gatepost_gateway.control.own_keys import limits_of
from gatepost_gateway.control.secrets import usable
from gatepost_gateway.control.shapes import AzureMeta, OwnProviderKey
from gatepost_gateway.domain.errors import CallerError, Code, Forbidden
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ProviderKind
from gatepost_gateway.providers.aws_keys import BEARERS
from gatepost_gateway.storage.config import OwnKeyGone, OwnKeySet

API_VERSION = "2024-10-21"
"""Azure's, unless the key's `meta` says another."""


class _AwsKeys(Struct, omit_defaults=True):
    access_key_id: str
    secret_access_key: str
    session_token: str = ""
    region: str = ""


def purpose_of(project: str, provider: ProviderKind) -> str:
    """What a project's key is sealed for."""
    return f"project/{project}/{provider.value}"


async def keep(house: House, asked: Asked) -> Answer:
    said = asked.said(OwnProviderKey)
    provider, project = ProviderKind(said.provider), asked.caller.home
    meta = _azure(said.meta) if provider is ProviderKind.AZURE else _nothing(said.meta)
    secret = _aws(said.api_key) if provider is ProviderKind.BEDROCK else _plain(said.api_key)
    _free(house, asked)
    async with house.writing():
        sealed = house.seal(secret, purpose_of(project, provider))
        house.keyring.record([OwnKeySet(project, provider, sealed, meta)], by=by(asked.caller))
    return Answer(None, 204)


async def forget(house: House, asked: Asked) -> Answer:
    word, project = asked.path["id"], asked.caller.home
    provider = next((one for one in ProviderKind if one.value == word), None)
    if provider is None or (project, provider) not in house.keyring.identities.own_keys:
        raise CallerError(f"project `{project}` brought no key of `{word[:40]}`", code=Code.NOT_FOUND, status=404)
    _free(house, asked)
    async with house.writing():
        house.keyring.record([OwnKeyGone(project, provider)], by=by(asked.caller))
    return Answer(None, 204)


def _free(house: House, asked: Asked) -> None:
    """A provider's key is the whole project's. Raises Forbidden (403) for a key with limits."""
    if limits_of(house, asked.caller) is not None:
        raise Forbidden("a key with limits of its own may not change the project's provider keys")


def _plain(text: str) -> Secret:
    if not usable(text):
        raise CallerError("`api_key` must be visible ASCII characters without blanks")
    return Secret(text)


def _aws(text: str) -> Secret:
    if text.startswith(BEARERS):
        return _plain(text)
    try:
        keys = msgspec.json.decode(text, type=_AwsKeys)
    except msgspec.DecodeError:
        raise CallerError(
            "a key of `bedrock` is a JSON object with `access_key_id`, `secret_access_key` and, if need be,"
            " `session_token` and `region`, or a Bedrock API key as it is"
        ) from None
    return Secret(msgspec.json.encode(keys).decode())


def _azure(meta: AzureMeta | None) -> dict[str, str]:
    if meta is None or meta.endpoint is None or meta.deployment is None:
        raise CallerError("a key of `azure` needs `meta.endpoint` and `meta.deployment`")
    if not meta.endpoint.startswith("https://"):
        raise CallerError("`meta.endpoint` must begin with https://")
    return {
        "endpoint": meta.endpoint,
        "deployment": meta.deployment,
        "api_version": meta.api_version or API_VERSION,
    }


def _nothing(meta: AzureMeta | None) -> dict[str, str]:
    if meta is not None and meta.model_fields_set:
        raise CallerError("`meta` is for keys of `azure`")
    return {}


ENDPOINTS = (
    Endpoint("POST", "/v1/keys", keep, Access.OWN, "Bring a provider's key, or a new one", OwnProviderKey, status=204),
    Endpoint("DELETE", "/v1/keys/{id}", forget, Access.OWN, "Take a provider's key back", status=204),
)
