"""The proxies of a configuration: declared by the file or made by the API, each change a new version."""

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import structs

from gatepost_gateway.control.shapes import ProxyChange
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.settings import ConfigurationError, Problem
from gatepost_gateway.settings.declared import DeclaredPolicy, DeclaredProxy, Layer

if TYPE_CHECKING:
    from gatepost_gateway.control.configuration import Configuration

MAX_POLICY = 256 * 1024
"""Bytes of one policy's text."""
_NOT_ENFORCED = ("request_policy", "response_policy", "policies")
"""Fields that this version keeps and cannot carry out: refused, because a rule that is not enforced is a lie."""


def read_policies(layer: Layer, base: Path) -> Layer:
    """The layer with the text of every policy file in it. Relative paths are under `base`.

    Raises ConfigurationError for files that cannot be read.
    """
    problems: list[Problem] = []
    proxies: list[DeclaredProxy] = []
    for proxy in layer.proxies:
        texts: dict[str, DeclaredPolicy | None] = {}
        for name in ("request_policy", "response_policy"):
            policy: DeclaredPolicy | None = getattr(proxy, name)
            try:
                texts[name] = _read(policy, base)
            except (OSError, UnicodeDecodeError, ValueError) as error:
                words = (error.strerror if isinstance(error, OSError) else None) or str(error)
                problems.append(Problem(f"proxies.{proxy.id}.{name}", f"cannot be read: {words}"))
        proxies.append(structs.replace(proxy, **texts))
    if problems:
        raise ConfigurationError(tuple(problems))
    return structs.replace(layer, proxies=tuple(proxies))


def _read(policy: DeclaredPolicy | None, base: Path) -> DeclaredPolicy | None:
    if policy is None or policy.file is None:
        return policy
    with (base / policy.file).open("rb") as source:
        text = source.read(MAX_POLICY + 1)
    if len(text) > MAX_POLICY:
        raise ValueError(f"it is larger than {MAX_POLICY} bytes")
    return DeclaredPolicy(policy.file, text.decode())


class ProxyRegistry:
    """The proxies of `configuration`. Writers come one at a time; the caller publishes what it made."""

    def __init__(self, configuration: "Configuration") -> None:
        self._configuration = configuration

    def all(self) -> list[tuple[DeclaredProxy, str]]:
        """Each with its owner, `file` or `api`."""
        document = self._configuration.document
        return [(one, "file") for one in document.file.proxies] + [(one, "api") for one in document.api.proxies]

    def get(self, wanted: str) -> tuple[DeclaredProxy, str]:
        """Raises CallerError (404)."""
        for proxy, owner in self.all():
            if proxy.id == wanted:
                return proxy, owner
        raise CallerError(f"there is no proxy `{wanted[:80]}`", code=Code.NOT_FOUND, status=404)

    def add(self, wanted: str, said: ProxyChange, projects: set[str], *, by: str) -> DeclaredProxy:
        """Raises CallerError (409) when the id is taken, ConfigurationError for what cannot be."""
        if any(proxy.id == wanted for proxy, _ in self.all()):
            raise CallerError(f"proxy `{wanted}` exists: change it with PUT", code=Code.CONFLICT, status=409)
        proxy = self._declared(wanted, said, projects)
        self._keep((*self._own, proxy), by=by, note=f"proxy {wanted} added")
        return proxy

    def put(self, wanted: str, said: ProxyChange, projects: set[str], *, by: str) -> DeclaredProxy:
        """Replaces one that the API made. Raises CallerError: 404, 409 for one of the file."""
        self._changeable(wanted)
        proxy = self._declared(wanted, said, projects)
        own = tuple(proxy if one.id == wanted else one for one in self._own)
        self._keep(own, by=by, note=f"proxy {wanted} changed")
        return proxy

    def remove(self, wanted: str, *, by: str) -> None:
        """Takes one away. Raises CallerError: 404, 409 for one of the file, or while keys belong to it."""
        self._changeable(wanted)
        self._keep(tuple(one for one in self._own if one.id != wanted), by=by, note=f"proxy {wanted} removed")

    @property
    def _own(self) -> tuple[DeclaredProxy, ...]:
        return self._configuration.document.api.proxies

    def _changeable(self, wanted: str) -> None:
        if self.get(wanted)[1] == "file":
            raise CallerError(
                f"proxy `{wanted}` is declared in the file",
                code=Code.MANAGED_BY_FILE,
                status=409,
                hint="change it there and run `gatepost apply -f gatepost.yaml`",
            )

    def _declared(self, wanted: str, said: ProxyChange, projects: set[str]) -> DeclaredProxy:
        fields = said.model_dump(exclude_none=True, exclude={"id"})
        problems = [
            Problem(name, "is not enforced by this version: leave it out") for name in _NOT_ENFORCED if fields.get(name)
        ]
        proxy = msgspec.convert({**fields, "id": wanted}, DeclaredProxy)
        if proxy.project not in projects:
            problems.append(Problem("project", f"project `{proxy.project}` does not exist"))
        known = {model.id for model, _ in self._configuration.models()}
        if proxy.target_model is not None and proxy.target_model not in known:
            problems.append(Problem("target_model", f"model `{proxy.target_model}` is not registered"))
        if problems:
            raise ConfigurationError(tuple(problems))
        return proxy

    def _keep(self, proxies: tuple[DeclaredProxy, ...], *, by: str, note: str) -> None:
        api = structs.replace(self._configuration.document.api, proxies=proxies)
        self._configuration.keep_api(api, by=by, note=note)
