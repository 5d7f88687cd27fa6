"""A policy read from a file and compiled, without a gateway: `gatepost.yaml`, a chain by itself, or Rego."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from gatepost_gateway.control.compose import DEFAULT_ORG, build_snapshot
from gatepost_gateway.control.rego import Checker, read_policies
from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.domain.rego import Checked, Submitted
from gatepost_gateway.domain.snapshot import ProviderKind, Sealed, SnapshotDocument
from gatepost_gateway.policy.chains import Chains
from gatepost_gateway.policy.kinds.kind import Loaded, Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.policy.rego.register import register_of
from gatepost_gateway.policy.trial import Draft
from gatepost_gateway.policy.unreachable import unheard
from gatepost_gateway.settings import DEFAULT_PROJECT, ConfigFile, ConfigurationError, Elsewhere, Problem, read_file
from gatepost_gateway.settings.cases import TestingShape
from gatepost_gateway.settings.check import order
from gatepost_gateway.settings.declared import DeclaredPolicy, DeclaredProject, Document, Layer
from gatepost_gateway.settings.file import Examined, examine
from gatepost_gateway.settings.shapes import ServerShape
from gatepost_gateway.storage.config import Identities, ProjectMade

KEY = b"gatepost: a draft"
"""What hashes of findings are made with, where no deployment's key is at hand."""
REGO = ".rego"
_NOBODY = Identities(0, {DEFAULT_PROJECT: ProjectMade(DEFAULT_PROJECT, DEFAULT_ORG)}, {}, {})
_NO_KEYS: Mapping[ProviderKind, Sealed] = {}


class Policy(Struct, frozen=True):
    """What stands in a file. `document` None: it has mistakes."""

    path: Path
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    document: SnapshotDocument | None = None
    testing: TestingShape | None = None
    answers: SnapshotDocument | None = None
    """Of Rego that stands alone: the same at the response gate."""

    def draft(self, key: bytes = KEY, *, answers: bool = False) -> Draft:
        """Compiled. `answers`: of Rego that stands alone, as a policy of the response gate."""
        document = self.answers if answers and self.answers is not None else self.document
        assert document is not None
        return Draft(Chains(document.rules, key), register_of(document, key))


def read_policy(path: Path, packages: Sequence[str] = ()) -> Policy:
    """`packages`: what Rego may speak in beside our own, where no file says. Raises ConfigurationError for a file that
    cannot be read at all; every other mistake is in `problems`.
    """
    text = read_file(path)
    return _rego(path, text, packages) if path.suffix == REGO else _yaml(path, text)


def _rego(path: Path, text: str, packages: Sequence[str]) -> Policy:
    submitted = Submitted(text, tuple(packages))
    (found,) = Checker()([submitted])
    if found.mistakes:
        problems = (Problem(f"{path}:{one.line}:{one.column}", one.pretty()) for one in found.mistakes)
        return Policy(path, tuple(problems))
    said = _policy(text, submitted, found)
    request = DeclaredProject(id=DEFAULT_PROJECT, request_policy=said)
    answer = DeclaredProject(id=DEFAULT_PROJECT, response_policy=said)
    return Policy(path, document=_snapshot(Layer(projects=(request,))), answers=_snapshot(Layer(projects=(answer,))))


def _policy(text: str, submitted: Submitted, found: Checked) -> DeclaredPolicy:
    return DeclaredPolicy(source=text, asked=submitted.packages, packages=found.packages, reads=found.reads)


def _yaml(path: Path, text: str) -> Policy:
    toolbox = Toolbox(KEY)
    rules: dict[str, Loaded] = {}

    def load(spec: RuleSpec) -> None:
        rules[spec.name] = load_rule(spec, toolbox)

    try:
        found = examine(text, str(path), Elsewhere(partial=True), load=load)
    except ConfigurationError as error:
        return Policy(path, error.problems)
    problems = list(order(found.tree))
    warnings = [*(found.tree.unsure or ()), *_unheard(found, rules)]
    layer = found.layer()
    if found.said is not None:
        file = ConfigFile(text, str(path), path.parent, layer, found.said.server or ServerShape(), found.tree)
        try:
            layer = read_policies(file, layer, Layer(), Checker())
        except ConfigurationError as error:
            problems += error.problems
    testing = found.said.testing if found.said is not None else None
    if problems:
        return Policy(path, tuple(problems), tuple(warnings), testing=testing)
    return Policy(path, (), tuple(warnings), _snapshot(layer), testing)


def _snapshot(layer: Layer) -> SnapshotDocument:
    return build_snapshot(0, Document(file=layer), _NOBODY, _NO_KEYS)


def _unheard(found: Examined, rules: Mapping[str, Loaded]) -> list[Problem]:
    """Rules that never say anything, at their lines."""
    placed = [one for one in found.rules if one.spec.name in rules]
    proxies = {proxy.id: proxy.project for proxy in found.layer().proxies}
    warnings: list[Problem] = []
    for one in unheard([rules[rule.spec.name] for rule in placed], proxies):
        mark = found.tree.at(placed[one.number].at)
        words = f"rule `{placed[one.number].spec.name}`: {one.message}"
        warnings.append(Problem(f"{found.tree.name}:{mark.line}:{mark.column}", words))
    return warnings
