"""The rules of the policy chain: declared by the file or made by the API, each change a new version."""

import msgspec
from msgspec import structs

from gatepost_gateway.control.configuration import Configuration
from gatepost_gateway.control.rule_check import dotted
from gatepost_gateway.control.shapes import RuleChange
from gatepost_gateway.domain.chain import RuleSpec, Unloadable
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.settings.problems import ConfigurationError, Problem
from gatepost_gateway.settings.rules import OURS, plain


class RuleRegistry:
    """The rules of `configuration`. Writers come one at a time; the caller publishes what it made."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def all(self) -> list[tuple[RuleSpec, str]]:
        """Each with its owner, `file` or `api`, in the order of the chain."""
        document = self._configuration.document
        return [(one, "file") for one in document.file.rules] + [(one, "api") for one in document.api.rules]

    def get(self, wanted: str) -> tuple[RuleSpec, str]:
        """Raises CallerError (404)."""
        for rule, owner in self.all():
            if rule.name == wanted:
                return rule, owner
        raise CallerError(f"there is no policy `{wanted[:80]}`", code=Code.NOT_FOUND, status=404)

    def add(self, wanted: str, said: RuleChange, projects: set[str], *, by: str) -> RuleSpec:
        """Raises CallerError (409) when the name is taken, ConfigurationError for what cannot be carried out."""
        if any(rule.name == wanted for rule, _ in self.all()):
            raise CallerError(f"policy `{wanted}` exists: change it with PUT", code=Code.CONFLICT, status=409)
        rule = self._declared(wanted, said, projects)
        self._keep((*self._own, rule), by=by, note=f"policy {wanted} added")
        return rule

    def put(self, wanted: str, said: RuleChange, projects: set[str], *, by: str) -> RuleSpec:
        """Replaces one that the API made. Raises CallerError: 404, 409 for one of the file."""
        self._changeable(wanted)
        rule = self._declared(wanted, said, projects)
        own = tuple(rule if one.name == wanted else one for one in self._own)
        self._keep(own, by=by, note=f"policy {wanted} changed")
        return rule

    def remove(self, wanted: str, *, by: str) -> None:
        """Takes one away. Raises CallerError: 404, 409 for one of the file."""
        self._changeable(wanted)
        self._keep(tuple(one for one in self._own if one.name != wanted), by=by, note=f"policy {wanted} removed")

    @property
    def _own(self) -> tuple[RuleSpec, ...]:
        return self._configuration.document.api.rules

    def _changeable(self, wanted: str) -> None:
        if self.get(wanted)[1] == "file":
            raise CallerError(
                f"policy `{wanted}` is declared in the file",
                code=Code.MANAGED_BY_FILE,
                status=409,
                hint="change it there and run `gatepost apply -f gatepost.yaml`",
            )

    def _declared(self, wanted: str, said: RuleChange, projects: set[str]) -> RuleSpec:
        fields = said.model_dump(exclude_none=True, exclude={"name"})
        rule = msgspec.convert({**fields, "name": wanted, "settings": plain(said.settings)}, RuleSpec)
        problems: list[Problem] = []
        if rule.project not in (None, *projects):
            problems.append(Problem("project", f"project `{rule.project}` does not exist"))
        document = self._configuration.document
        proxies = {proxy.id for proxy in (*document.file.proxies, *document.api.proxies)}
        if rule.proxy not in (None, *proxies):
            problems.append(Problem("proxy", f"proxy `{rule.proxy}` does not exist"))
        try:
            load_rule(rule, Toolbox())
        except Unloadable as error:
            where = error.path if error.path and error.path[0] in OURS else ("settings", *error.path)
            problems.append(Problem(dotted(where).removeprefix("."), error.message))
        if problems:
            raise ConfigurationError(tuple(problems))
        return rule

    def _keep(self, rules: tuple[RuleSpec, ...], *, by: str, note: str) -> None:
        api = structs.replace(self._configuration.document.api, rules=rules)
        self._configuration.keep_api(api, by=by, note=note)
