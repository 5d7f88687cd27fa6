"""Where AWS keys come from when an entry holds none: the usual chain, refreshed before its keys expire.

Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers": environment variables (a Bedrock API
key in `AWS_BEARER_TOKEN_BEDROCK` before keys that sign), a web identity (`AWS_ROLE_ARN` and
`AWS_WEB_IDENTITY_TOKEN_FILE`), the shared credentials and config files, the container endpoint (ECS and EKS Pod
Identity), the instance's role by IMDSv2.
"""

import asyncio
import configparser
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.clock import Clock, from_iso
from gatepost_gateway.domain.errors import UpstreamError
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind
from gatepost_gateway.providers import aws_sts
from gatepost_gateway.providers.aws_keys import write_bearer, write_keys

METADATA = "http://169.254.169.254"
CONTAINER = "http://169.254.170.2"
ADDRESSES = ("169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32", "fd00:ec2::254/128", "fd00:ec2::23/128")
"""Where roles are handed out: the only addresses of their kind that this module's fetches may reach."""
_HOSTS = frozenset({"169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost", "127.0.0.1", "[::1]"})
_EARLY_MICROS = 300 * 1_000_000
_RETRY_MICROS = 30 * 1_000_000
_FOREVER = 2**62
_ROLE = "/latest/meta-data/iam/security-credentials/"

Fetch = Callable[[str, str, dict[str, str], bytes], Awaitable[tuple[int, bytes]]]
"""(method, URL, headers, body) -> (status, body). Raises UpstreamError when nobody answers."""
Read = Callable[[str], str | None]
"""A file's text; None when it is not there."""


class _Role(Struct, rename="pascal"):
    access_key_id: str
    secret_access_key: str
    token: str = ""
    expiration: str = ""


_role = msgspec.json.Decoder(_Role)


class AwsChain:
    """Implements `ports.CredentialSource`. `variables` are the process's own; `Read` and `Fetch` reach outside."""

    def __init__(self, variables: Mapping[str, str], read: Read, fetch: Fetch, clock: Clock) -> None:
        self._variables = variables
        self._read = read
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._kept: Secret | None = None
        self._until = 0

    async def get(self, entry: ModelEntry, stored: Secret | None) -> Secret | None:
        """The entry's own credential, else the chain's for an entry that signs. None: nothing is known."""
        if stored is not None or entry.provider is not ProviderKind.BEDROCK:
            return stored
        if self._clock.micros() < self._until:
            return self._kept
        # Who comes while another asks waits for its answer: a role is asked for once, not once a call.
        async with self._lock:
            if self._clock.micros() >= self._until:
                await self._refresh()
        return self._kept

    async def _refresh(self) -> None:
        found = self._from_environment()
        role = None if found is not None else await self._web_identity()
        if role is None:
            found = found or self._from_files()
        if found is not None:
            self._kept, self._until = found, _FOREVER
            return
        role = role or await self._role()
        now = self._clock.micros()
        if role is None:
            self._kept, self._until = None, now + _RETRY_MICROS
            return
        self._kept = write_keys(role.access_key_id, role.secret_access_key, role.token, self._region())
        until = from_iso(role.expiration) - _EARLY_MICROS if role.expiration else _FOREVER
        self._until = max(until, now + _RETRY_MICROS)

    def _from_environment(self) -> Secret | None:
        said = self._variables
        if bearer := said.get("AWS_BEARER_TOKEN_BEDROCK"):
            return write_bearer(bearer, self._region())
        id, secret = said.get("AWS_ACCESS_KEY_ID"), said.get("AWS_SECRET_ACCESS_KEY")
        if not (id and secret):
            return None
        return write_keys(id, secret, said.get("AWS_SESSION_TOKEN", ""), self._region())

    def _from_files(self) -> Secret | None:
        """The profile that AWS_PROFILE names: the credentials file first, then the config file."""
        profile = self._variables.get("AWS_PROFILE") or "default"
        for variable, name, section in (
            ("AWS_SHARED_CREDENTIALS_FILE", "credentials", profile),
            ("AWS_CONFIG_FILE", "config", profile if profile == "default" else f"profile {profile}"),
        ):
            said = self._section(variable, name, section)
            id, secret = said.get("aws_access_key_id"), said.get("aws_secret_access_key")
            if id and secret:
                return write_keys(id, secret, said.get("aws_session_token", ""), self._region())
        return None

    def _section(self, variable: str, name: str, section: str) -> Mapping[str, str]:
        home = self._variables.get("HOME") or self._variables.get("USERPROFILE") or ""
        text = self._read(self._variables.get(variable) or f"{home}/.aws/{name}")
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(text or "")
        except configparser.Error:
            return {}
        return dict(parser[section]) if parser.has_section(section) else {}

    def _region(self) -> str:
        said = self._variables.get("AWS_REGION") or self._variables.get("AWS_DEFAULT_REGION")
        profile = self._variables.get("AWS_PROFILE") or "default"
        section = profile if profile == "default" else f"profile {profile}"
        return said or self._section("AWS_CONFIG_FILE", "config", section).get("region", "")

    async def _role(self) -> _Role | None:
        try:
            found = await self._container()
            return found or await self._instance()
        except (UpstreamError, msgspec.MsgspecError, UnicodeDecodeError):
            # Nobody there, or nobody who speaks so: this machine has no role.
            return None

    async def _web_identity(self) -> _Role | None:
        """A workload's identity token traded for a role. It is read anew each time: whoever hands it out renews it."""
        said = self._variables
        arn, path = said.get("AWS_ROLE_ARN"), said.get("AWS_WEB_IDENTITY_TOKEN_FILE")
        token = (self._read(path) or "").strip() if arn and path else ""
        if not arn or not token:
            return None
        body = aws_sts.web_identity(arn, said.get("AWS_ROLE_SESSION_NAME") or "gatepost", token)
        headers = {"content-type": aws_sts.FORM}
        try:
            status, page = await self._fetch("POST", aws_sts.address(self._region()), headers, body)
            role = aws_sts.read_role(page) if status == 200 else None
        except (UpstreamError, ValueError):
            # Refused or away: the next source is asked, and this one again soon.
            return None
        if role is None:
            return None
        return _Role(role.access_key_id, role.secret_access_key, role.token, role.expiration)

    async def _container(self) -> _Role | None:
        said = self._variables
        full = said.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        relative = said.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        url = CONTAINER + relative if relative else full
        if not url or not _is_ours(url):
            return None
        token = said.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        if (path := said.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) is not None:
            token = (self._read(path) or "").strip()
        return await self._ask(url, {"authorization": token} if token else {})

    async def _instance(self) -> _Role | None:
        """IMDSv2: a session token first, then the role's name, then its keys."""
        if self._variables.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
            return None
        lifetime = {"x-aws-ec2-metadata-token-ttl-seconds": "21600"}
        status, token = await self._fetch("PUT", METADATA + "/latest/api/token", lifetime, b"")
        if status != 200:
            return None
        headers = {"x-aws-ec2-metadata-token": token.decode("ascii")}
        status, names = await self._fetch("GET", METADATA + _ROLE, headers, b"")
        name = names.decode().split("\n")[0].strip()
        return await self._ask(METADATA + _ROLE + quote(name), headers) if status == 200 and name else None

    async def _ask(self, url: str, headers: dict[str, str]) -> _Role | None:
        status, body = await self._fetch("GET", url, headers, b"")
        return _role.decode(body) if status == 200 else None


def _is_ours(url: str) -> bool:
    """AWS's rule for the container endpoint: TLS, this machine, or the two addresses that hand out roles."""
    parts: Any = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return parts.scheme == "https" or (parts.scheme == "http" and host in _HOSTS)
