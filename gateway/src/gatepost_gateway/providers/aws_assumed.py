"""Entries that call in another role: `additional_config.role_arn`, assumed with the keys that they have otherwise."""

import asyncio
from typing import Any

from msgspec import Struct

from gatepost_gateway.domain.clock import Clock, from_iso
from gatepost_gateway.domain.errors import Code, NextStep, UpstreamError
from gatepost_gateway.domain.ports import CredentialSource
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind
from gatepost_gateway.providers import aws_sts
from gatepost_gateway.providers.aws_chain import Fetch
from gatepost_gateway.providers.aws_keys import Bearer, read_keys, write_keys
from gatepost_gateway.providers.sigv4 import AwsKeys

EARLY = 300 * 1_000_000
"""Microseconds before its end at which a role is asked for anew."""
MOST = 256
"""Roles that are kept; the oldest goes first."""


class _Kept(Struct):
    secret: Secret
    until: int


class AssumedRoles:
    """Implements `ports.CredentialSource` over another source."""

    def __init__(self, beneath: CredentialSource, fetch: Fetch, clock: Clock) -> None:
        self._beneath = beneath
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._kept: dict[tuple[str, str, str], _Kept] = {}

    async def get(self, entry: ModelEntry, stored: Secret | None) -> Secret | None:
        """Raises UpstreamError (nothing sent to the provider) when the role is not to be had."""
        base = await self._beneath.get(entry, stored)
        arn: Any = entry.additional_config.get("role_arn")
        if not arn or entry.provider is not ProviderKind.BEDROCK or base is None:
            return base
        keys, region = _opened(base)
        name = (str(arn), str(entry.additional_config.get("external_id") or ""), keys.access_key_id)
        async with self._lock:
            kept = self._kept.get(name)
            if kept is None or self._clock.micros() >= kept.until:
                kept = await self._assume(name, base, region or str(entry.additional_config.get("aws_region") or ""))
        return kept.secret

    async def _assume(self, name: tuple[str, str, str], base: Secret, region: str) -> _Kept:
        arn, external_id, _ = name
        keys, _ = _opened(base)
        body = aws_sts.assume_role(arn, "gatepost", external_id or None)
        now = self._clock.micros()
        headers = aws_sts.signed(body, keys, region, now)
        try:
            status, page = await self._fetch("POST", aws_sts.address(region), headers, body)
        except UpstreamError as error:
            # Nothing went to the model's provider, whatever became of this.
            raise _refused(f"role `{arn}` could not be asked for: {error.public}") from error
        if status != 200:
            raise _refused(f"role `{arn}` was refused with {status}")
        try:
            role = aws_sts.read_role(page)
            until = from_iso(role.expiration) - EARLY
        except ValueError:
            raise _refused(f"role `{arn}` was answered with something that is no role") from None
        secret = write_keys(role.access_key_id, role.secret_access_key, role.token, region)
        self._kept.pop(name, None)
        self._kept[name] = kept = _Kept(secret, until)
        while len(self._kept) > MOST:
            self._kept.pop(next(iter(self._kept)))
        return kept


def _opened(base: Secret) -> tuple[AwsKeys, str | None]:
    try:
        keys, region = read_keys(base)
    except ValueError as error:
        raise _refused(str(error)) from None
    if isinstance(keys, Bearer):
        raise _refused("a role is assumed with keys that sign, and its credential is a Bedrock API key")
    return keys, region


def _refused(words: str) -> UpstreamError:
    return UpstreamError(
        f"bedrock cannot be called: {words}",
        code=Code.UPSTREAM_AUTH,
        status=502,
        next_step=NextStep.TRY_NEXT,
        provider=ProviderKind.BEDROCK.value,
        sent=False,
    )
