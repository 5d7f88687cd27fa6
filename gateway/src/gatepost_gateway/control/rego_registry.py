"""The policies of projects and proxies. What the API puts into force is a new version."""

from typing import TYPE_CHECKING

from msgspec import Struct, structs

from gatepost_gateway.control.rego import STAGES, checked_policy
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.settings.declared import DeclaredPolicy, DeclaredProject, DeclaredProxy, Layer

if TYPE_CHECKING:
    from gatepost_gateway.control.configuration import Configuration

Entry = DeclaredProject | DeclaredProxy


class Owner(Struct, frozen=True):
    """Whose policies they are: `section` is `projects` or `proxies`."""

    section: str
    id: str

    def __str__(self) -> str:
        return f"{'project' if self.section == 'projects' else 'proxy'} `{self.id}`"


class InForce(Struct, frozen=True):
    """A policy at its stage, and who declared it: `file` or `api`."""

    stage: str
    policy: DeclaredPolicy
    managed_by: str


class PolicyRegistry:
    """The policies in `configuration`. Writers come one at a time; the caller publishes."""

    def __init__(self, configuration: "Configuration") -> None:
        self._configuration = configuration

    def all(self, owner: Owner) -> list[InForce]:
        """Those of one owner, by stage."""
        return [found for stage in STAGES if (found := self._find(owner, stage)) is not None]

    def get(self, owner: Owner, stage: str) -> InForce:
        """Raises CallerError (404)."""
        _known(stage)
        found = self._find(owner, stage)
        if found is None:
            raise CallerError(f"{owner} has no {stage} policy", code=Code.NOT_FOUND, status=404)
        return found

    def put(self, owner: Owner, stage: str, said: DeclaredPolicy, *, by: str) -> InForce:
        """Raises ConfigurationError with every mistake, CallerError: 404, or 409 for what the file declares."""
        _known(stage)
        self._changeable(owner)
        packages = self._configuration.document.file.compat.rego_packages
        policy = checked_policy(said, packages, self._configuration.check_policies)
        self._keep(owner, stage, policy, by=by, note=f"{stage} policy of {owner} set")
        return InForce(stage, policy, "api")

    def remove(self, owner: Owner, stage: str, *, by: str) -> None:
        """Raises CallerError: 404, or 409 for what the file declares."""
        self.get(owner, stage)
        self._changeable(owner)
        self._keep(owner, stage, None, by=by, note=f"{stage} policy of {owner} removed")

    def _find(self, owner: Owner, stage: str) -> InForce | None:
        document = self._configuration.document
        for managed_by, layer in (("file", document.file), ("api", document.api)):
            for one in _entries(layer, owner):
                policy: DeclaredPolicy | None = getattr(one, f"{stage}_policy")
                if policy is not None:
                    return InForce(stage, policy, managed_by)
        return None

    def _changeable(self, owner: Owner) -> None:
        if _entries(self._configuration.document.file, owner):
            raise CallerError(
                f"{owner} is declared in the file",
                code=Code.MANAGED_BY_FILE,
                status=409,
                hint="set its policies there and run `gatepost apply -f gatepost.yaml`",
            )

    def _keep(self, owner: Owner, stage: str, policy: DeclaredPolicy | None, *, by: str, note: str) -> None:
        layer = self._configuration.document.api
        found = _entries(layer, owner)
        before = found[0] if found else DeclaredProject(id=owner.id)
        changed = structs.replace(before, **{f"{stage}_policy": policy})
        entries: tuple[Entry, ...] = getattr(layer, owner.section)
        kept = tuple(changed if one.id == owner.id else one for one in entries)
        if not found:
            kept = (*entries, changed)
        elif changed == DeclaredProject(id=owner.id):
            # A project that the API made is declared for its policies alone.
            kept = tuple(one for one in entries if one.id != owner.id)
        self._configuration.keep_api(structs.replace(layer, **{owner.section: kept}), by=by, note=note)


def _entries(layer: Layer, owner: Owner) -> list[Entry]:
    """What a layer declares of an owner: nothing, or one entry."""
    entries: tuple[Entry, ...] = getattr(layer, owner.section)
    return [one for one in entries if one.id == owner.id]


def _known(stage: str) -> None:
    if stage not in STAGES:
        raise CallerError(f"`{stage[:40]}` is no stage: there is `request` and `response`", status=404)
