"""Policies on their way into a version: their text is read, checked by a process of its own, and kept with it."""

import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct, structs

from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.governance import Mode, Phase
from gatepost_gateway.domain.rego import Checked, Mistake, RegoEntry, Submitted
from gatepost_gateway.settings import ConfigFile, ConfigurationError, Problem
from gatepost_gateway.settings.declared import DeclaredPolicy, DeclaredProject, DeclaredProxy, Layer
from gatepost_gateway.settings.problems import Path as KeyPath

STAGES = ("request", "response")
POLICY_FIELDS = ("request_policy", "response_policy")
SLOW_SECONDS = 0.05
"""What takes longer than this to compile is compiled where it delays no call."""
MOST_BYTES = 256 * 1024
_COMMAND = (sys.executable, "-m", "gatepost_gateway.app.evaluator", "--check")
_START_SECONDS, _EACH_SECONDS = 20.0, 3.0
_REMEMBERED = 256

OwnerT = TypeVar("OwnerT", DeclaredProject, DeclaredProxy)
Check = Callable[[Sequence[Submitted]], list[Checked]]


class Checker:
    """Checks texts in another process, each text once."""

    def __init__(self) -> None:
        self._known: OrderedDict[Submitted, Checked] = OrderedDict()

    def __call__(self, submitted: Sequence[Submitted]) -> list[Checked]:
        """What was found, in the order of the texts. Raises GatewayFault when the process failed."""
        new = [one for one in dict.fromkeys(submitted) if one not in self._known]
        if new:
            self._known.update(zip(new, _run(new), strict=True))
        found = [self._known[one] for one in submitted]
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return found


def _run(submitted: list[Submitted]) -> list[Checked]:
    try:
        ran = subprocess.run(  # noqa: S603 - our own interpreter
            _COMMAND,
            input=msgspec.msgpack.encode(submitted),
            capture_output=True,
            check=True,
            timeout=_START_SECONDS + _EACH_SECONDS * len(submitted),
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise GatewayFault("a policy could not be checked: the process that checks policies failed") from error
    return msgspec.msgpack.decode(ran.stdout, type=list[Checked])


class Place(Struct, frozen=True):
    """Where a policy stands: `projects/support`, its stage, and the key of it in the file."""

    owner: str
    stage: str
    path: KeyPath

    @property
    def field(self) -> str:
        return f"{self.stage}_policy"


def read_policies(file: ConfigFile, layer: Layer, before: Layer, check: Check) -> Layer:
    """The file's layer with every policy read and checked; one that is unchanged is not checked again.

    Raises ConfigurationError with every mistake: `policies/support.rego:3:5`, the line, and a caret below it.
    """
    found: dict[Place, DeclaredPolicy] = {}
    problems: list[Problem] = []
    for place, said in _places(layer):
        try:
            found[place] = _read(said, file.base)
        except (OSError, ValueError) as error:
            mark = file.tree.at(place.path)
            words = (error.strerror if isinstance(error, OSError) else None) or str(error)
            problems.append(
                Problem(f"{file.name}:{mark.line}:{mark.column}", f"`{said.file}` cannot be read: {words.lower()}")
            )
    kept = {(place.owner, place.stage): policy for place, policy in _places(before)}
    wanted = {place: submitted_policy(policy, layer.compat.rego_packages) for place, policy in found.items()}
    new = {place: one for place, one in wanted.items() if not _same(kept.get((place.owner, place.stage)), one)}
    results = dict(zip(new, check(list(new.values())), strict=True))
    for place, result in results.items():
        problems += [_problem(file, place, found[place], one) for one in result.mistakes]
        found[place] = _with(found[place], new[place], result)
    if problems:
        raise ConfigurationError(tuple(problems))
    for place, policy in found.items():
        if place not in new:
            old = kept[place.owner, place.stage]
            found[place] = structs.replace(
                policy, asked=old.asked, packages=old.packages, reads=old.reads, slow=old.slow
            )
    return _layer_with(layer, found)


def checked_policy(
    said: DeclaredPolicy, packages: Sequence[str], check: Check, field: str = "source"
) -> DeclaredPolicy:
    """One policy that came in by the API. Raises ConfigurationError: `source:3:5`, the line, and a caret below it."""
    submitted = submitted_policy(said, packages)
    (result,) = check([submitted])
    if result.mistakes:
        raise ConfigurationError(
            tuple(Problem(f"{field}:{one.line}:{one.column}", one.pretty()) for one in result.mistakes)
        )
    return _with(said, submitted, result)


def _with(said: DeclaredPolicy, submitted: Submitted, found: Checked) -> DeclaredPolicy:
    return structs.replace(
        said,
        asked=submitted.packages,
        packages=found.packages,
        reads=found.reads,
        slow=found.seconds > SLOW_SECONDS,
    )


def _places(layer: Layer) -> Iterable[tuple[Place, DeclaredPolicy]]:
    for section, entries in (("projects", layer.projects), ("proxies", layer.proxies)):
        for number, entry in enumerate(entries):
            for stage in STAGES:
                said: DeclaredPolicy | None = getattr(entry, f"{stage}_policy")
                if said is not None:
                    yield Place(f"{section}/{entry.id}", stage, (section, number, f"{stage}_policy")), said


def _layer_with(layer: Layer, found: dict[Place, DeclaredPolicy]) -> Layer:
    def changed(section: str, entry: OwnerT) -> OwnerT:
        own = {place.field: policy for place, policy in found.items() if place.owner == f"{section}/{entry.id}"}
        return structs.replace(entry, **own) if own else entry

    return structs.replace(
        layer,
        projects=tuple(changed("projects", one) for one in layer.projects),
        proxies=tuple(changed("proxies", one) for one in layer.proxies),
    )


def _read(said: DeclaredPolicy, base: Path) -> DeclaredPolicy:
    """Raises OSError, and ValueError for what is no text."""
    if said.file is None:
        return said
    with (base / said.file).open("rb") as source:
        data = source.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES} bytes")
    try:
        return structs.replace(said, source=data.decode())
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8 text") from error


def submitted_policy(said: DeclaredPolicy, packages: Sequence[str]) -> Submitted:
    """What is checked of a policy."""
    return Submitted(said.source or "", tuple(packages))


def _same(before: DeclaredPolicy | None, wanted: Submitted) -> bool:
    return before is not None and (before.source, before.asked) == (wanted.source, wanted.packages)


def _problem(file: ConfigFile, place: Place, said: DeclaredPolicy, mistake: Mistake) -> Problem:
    """At the line of the policy's own file; in place, at its key, with the line in words."""
    if said.file is not None:
        return Problem(f"{said.file}:{mistake.line}:{mistake.column}", mistake.pretty())
    mark = file.tree.at((*place.path, "source"))
    return Problem(
        f"{file.name}:{mark.line}:{mark.column}", f"line {mistake.line}, column {mistake.column}: {mistake.pretty()}"
    )


def rego_entries(owner: str, request: DeclaredPolicy | None, response: DeclaredPolicy | None) -> tuple[RegoEntry, ...]:
    """The policies of one project or proxy, as the data plane gets them."""
    return tuple(
        RegoEntry(
            name=f"{owner}/{phase.value}_policy",
            phase=phase,
            source=said.source or "",
            packages=said.packages,
            reads=said.reads,
            mode=Mode(said.mode),
            seconds=said.timeout_ms / 1000,
            fails_open=phase is Phase.RESPONSE and said.on_error == "allow",
            isolated=said.slow,
        )
        for phase, said in ((Phase.REQUEST, request), (Phase.RESPONSE, response))
        if said is not None
    )
