"""The policies that the API put into force, each change a new version."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from gatepost_gateway.control.rego import STAGES, checked_policy
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.settings.declared import DeclaredPolicy, DeclaredProject, Layer

if TYPE_CHECKING:
    from gatepost_gateway.control.configuration import Configuration


class InForce(Struct, frozen=True):
    """A policy at its stage, and who declared it: `file` or `api`."""

    stage: str
    policy: DeclaredPolicy
    managed_by: str


class PolicyRegistry:
    """The policies of the projects of `configuration`. Writers come one at a time; the caller publishes."""

    def __init__(self, configuration: "Configuration") -> None:
        self._configuration = configuration

    def all(self, project: str) -> list[InForce]:
        """Those of one project, by stage."""
        return [found for stage in STAGES if (found := self._find(project, stage)) is not None]

    def get(self, project: str, stage: str) -> InForce:
        """Raises CallerError (404)."""
        _known(stage)
        found = self._find(project, stage)
        if found is None:
            raise CallerError(f"project `{project}` has no {stage} policy", code=Code.NOT_FOUND, status=404)
        return found

    def put(self, project: str, stage: str, said: DeclaredPolicy, *, by: str) -> InForce:
        """Raises ConfigurationError with every mistake, CallerError: 404, or 409 for what the file declares."""
        self._changeable(project, stage)
        packages = self._configuration.document.file.compat.rego_packages
        policy = checked_policy(said, packages, self._configuration.check_policies)
        self._keep(project, stage, policy, by=by, note=f"{stage} policy of project {project} set")
        return InForce(stage, policy, "api")

    def remove(self, project: str, stage: str, *, by: str) -> None:
        """Raises CallerError: 404, or 409 for what the file declares."""
        self.get(project, stage)
        self._changeable(project, stage)
        self._keep(project, stage, None, by=by, note=f"{stage} policy of project {project} removed")

    def _find(self, project: str, stage: str) -> InForce | None:
        document = self._configuration.document
        for owner, layer in (("file", document.file), ("api", document.api)):
            for one in layer.projects:
                policy: DeclaredPolicy | None = getattr(one, f"{stage}_policy")
                if one.id == project and policy is not None:
                    return InForce(stage, policy, owner)
        return None

    def _changeable(self, project: str, stage: str) -> None:
        _known(stage)
        if any(one.id == project for one in self._configuration.document.file.projects):
            raise CallerError(
                f"project `{project}` is declared in the file",
                code=Code.MANAGED_BY_FILE,
                status=409,
                hint="set its policies there and run `gatepost apply -f gatepost.yaml`",
            )

    def _keep(self, project: str, stage: str, policy: DeclaredPolicy | None, *, by: str, note: str) -> None:
        layer: Layer = self._configuration.document.api
        others = [one for one in layer.projects if one.id != project]
        before = next((one for one in layer.projects if one.id == project), DeclaredProject(id=project))
        changed = structs.replace(before, **{f"{stage}_policy": policy})
        projects: Iterable[DeclaredProject] = others
        if changed.request_policy is not None or changed.response_policy is not None:
            projects = (*others, changed)
        self._configuration.keep_api(structs.replace(layer, projects=tuple(projects)), by=by, note=note)


def _known(stage: str) -> None:
    if stage not in STAGES:
        raise CallerError(f"`{stage[:40]}` is no stage: there is `request` and `response`", status=404)
