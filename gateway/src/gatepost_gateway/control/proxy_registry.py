"""The proxies of a configuration: declared by the file or made by the API, each change a new version.

A proxy carries the rules that stand in place in its chain: they come, change and go with it.
"""

from typing import TYPE_CHECKING

import msgspec
from msgspec import structs

from gatepost_gateway.control.proxy_rules import ChainSaid, chain_said, with_chain
from gatepost_gateway.control.rego import POLICY_FIELDS, checked_policy
from gatepost_gateway.control.shapes import ProxyChange
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.settings import ConfigurationError, Problem
from gatepost_gateway.settings.declared import DeclaredPolicy, DeclaredProxy

if TYPE_CHECKING:
    from gatepost_gateway.control.configuration import Configuration


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
        proxy, chain = self._declared(wanted, said, projects)
        self._keep((*self._own, proxy), chain, wanted, by=by, note=f"proxy {wanted} added")
        return proxy

    def put(self, wanted: str, said: ProxyChange, projects: set[str], *, by: str) -> DeclaredProxy:
        """Replaces one that the API made. Raises CallerError: 404, 409 for one of the file."""
        self._changeable(wanted)
        proxy, chain = self._declared(wanted, said, projects)
        own = tuple(proxy if one.id == wanted else one for one in self._own)
        self._keep(own, chain, wanted, by=by, note=f"proxy {wanted} changed")
        return proxy

    def remove(self, wanted: str, *, by: str) -> None:
        """Takes one away. Raises CallerError: 404, 409 for one of the file, or while keys belong to it."""
        self._changeable(wanted)
        left = tuple(one for one in self._own if one.id != wanted)
        self._keep(left, ChainSaid((), ()), wanted, by=by, note=f"proxy {wanted} removed")

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

    def _declared(self, wanted: str, said: ProxyChange, projects: set[str]) -> tuple[DeclaredProxy, ChainSaid]:
        fields = said.model_dump(exclude_none=True, exclude={"id"})
        chain = chain_said(wanted, fields.pop("policies", None), self._configuration.document)
        problems = [*chain.problems]
        fields["policies"] = {"chain": chain.names}
        proxy = msgspec.convert({**fields, "id": wanted}, DeclaredProxy)
        if proxy.project not in projects:
            problems.append(Problem("project", f"project `{proxy.project}` does not exist"))
        known = {model.id for model, _ in self._configuration.models()}
        if proxy.target_model is not None and proxy.target_model not in known:
            problems.append(Problem("target_model", f"model `{proxy.target_model}` is not registered"))
        problems += [
            Problem(f"{field}.file", "is read for the configuration file only: send the text as `source`")
            for field in POLICY_FIELDS
            if fields.get(field, {}).get("file") is not None
        ]
        if problems:
            raise ConfigurationError(tuple(problems))
        return checked_proxy(self._configuration, proxy), chain

    def _keep(self, proxies: tuple[DeclaredProxy, ...], chain: ChainSaid, wanted: str, *, by: str, note: str) -> None:
        api = with_chain(self._configuration.document.api, proxies, wanted, chain)
        self._configuration.keep_api(api, by=by, note=note)


def checked_proxy(configuration: "Configuration", proxy: DeclaredProxy) -> DeclaredProxy:
    """With its policies checked. Raises ConfigurationError."""
    packages = configuration.document.file.compat.rego_packages
    said: dict[str, DeclaredPolicy | None] = {field: getattr(proxy, field) for field in POLICY_FIELDS}
    checked = {
        field: checked_policy(policy, packages, configuration.check_policies, f"{field}.source")
        for field, policy in said.items()
        if policy is not None
    }
    return structs.replace(proxy, **checked) if checked else proxy
