"""Keys and projects: made, paused, resumed, revoked, rotated. A key's text is shown once and kept as a hash."""

import re
import secrets
from collections.abc import Mapping, Sequence

from msgspec import Struct, structs

from gatepost_gateway.control.shapes import KeyNew
from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.limits import RateLimits
from gatepost_gateway.domain.secret import Secret, digest, same
from gatepost_gateway.domain.snapshot import NO_RATES, KeyEntry, KeyKind, KeyState, ProxyEntry
from gatepost_gateway.pipeline.identify import key_id
from gatepost_gateway.settings import DEFAULT_PROJECT, ConfigurationError, Problem
from gatepost_gateway.settings.limit_shapes import RatesShape
from gatepost_gateway.storage.config import ConfigStore, Event, KeyEnds, KeyMade, KeyTurned, ProjectMade

ORG = "default"
_PREFIX = {KeyKind.RUNTIME: "gp", KeyKind.ADMIN: "gpa"}
_WELL_FORMED = re.compile(r"(gp|gpa)_[A-Za-z0-9-]{1,64}_[!-~]{16,}")
_MICROS = 1_000_000


class MadeKey(Struct, frozen=True):
    """A key at the only moment when its text is known."""

    entry: KeyEntry
    text: Secret


class Keyring:
    """The identities in `store`."""

    def __init__(self, store: ConfigStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.identities = store.identities()

    def get(self, wanted: str) -> KeyEntry:
        """Raises CallerError (404)."""
        key = self.identities.keys.get(wanted)
        if key is None:
            raise CallerError(f"there is no key `{wanted[:80]}`", code=Code.NOT_FOUND, status=404)
        return key

    def create(self, said: KeyNew, projects: set[str], proxies: Mapping[str, ProxyEntry], *, by: str) -> MadeKey:
        """A new key; one of a proxy is of its project. Raises ConfigurationError for a project or a proxy that is not
        there, or a time that is over.
        """
        problems: list[Problem] = []
        project = said.project
        if said.proxy is not None:
            proxy = proxies.get(said.proxy)
            if proxy is None:
                problems.append(Problem("proxy", f"proxy `{said.proxy}` does not exist"))
            elif "project" in said.model_fields_set and proxy.project != project:
                problems.append(Problem("proxy", f"proxy `{said.proxy}` belongs to project `{proxy.project}`"))
            else:
                project = proxy.project
            if said.kind != "runtime":
                problems.append(Problem("proxy", "is for runtime keys: an admin key belongs to no proxy"))
        if said.kind != "runtime" and said.rate_limits is not None:
            problems.append(Problem("rate_limits", "is for runtime keys: an admin key makes no calls"))
        if project not in projects:
            problems.append(Problem("project", f"project `{project}` does not exist"))
        if said.expires_at is not None and said.expires_at <= self._clock.micros():
            problems.append(Problem("expires_at", "is over already"))
        if problems:
            raise ConfigurationError(tuple(problems))
        entry = KeyEntry(
            "",
            KeyKind(said.kind),
            said.name,
            b"",
            self.org_of(project),
            project,
            proxy=said.proxy,
            expires_at=said.expires_at,
            models=tuple(said.models or ()),
            paths=tuple(said.paths or ()),
            rate_limits=rates_said(said.rate_limits),
        )
        return self.issue(entry, by=by)

    def issue(self, like: KeyEntry, *, by: str, first: Sequence[Event] = ()) -> MadeKey:
        """A new key with all that `like` says but its id and its secret. `first` is written with it, or nothing is."""
        made = _made(like)
        self.record([*first, KeyMade(made.entry)], by=by)
        return made

    def org_of(self, project: str) -> str:
        """The organisation of a project; one that only the file knows is the default one's."""
        known = self.identities.projects.get(project)
        return known.org if known is not None else ORG

    def turn(self, wanted: str, state: KeyState, *, by: str, locked: bool = False) -> KeyEntry:
        """Pauses, resumes or revokes. Raises CallerError (409) for a revoked key: that is for ever."""
        key = self.get(wanted)
        if key.state is state:
            return key
        if key.state is KeyState.REVOKED:
            raise CallerError(f"key `{key.id}` is revoked for ever: make another one", code=Code.CONFLICT, status=409)
        self.record([KeyTurned(key.id, state, locked)], by=by)
        return self.get(wanted)

    def rotate(self, wanted: str, overlap_seconds: int, *, by: str) -> MadeKey:
        """A new key like the old one, which goes on for `overlap_seconds` and then ends."""
        old = self.get(wanted)
        if old.state is not KeyState.ACTIVE:
            raise CallerError(
                f"key `{old.id}` is {old.state.value}: only an active key is rotated", code=Code.CONFLICT, status=409
            )
        made = _made(old)
        end = self._clock.micros() + overlap_seconds * _MICROS
        ending: Event = KeyEnds(old.id, end) if overlap_seconds else KeyTurned(old.id, KeyState.REVOKED)
        self.record([KeyMade(made.entry), ending], by=by)
        return made

    def first_start(self, given: dict[KeyKind, Secret]) -> list[MadeKey]:
        """The default project and the first keys, but for the kinds that are `given`. Nothing when there are some."""
        if self.identities.projects:
            return []
        kinds = [kind for kind in (KeyKind.ADMIN, KeyKind.RUNTIME) if kind not in given]
        made = [_made(KeyEntry("", kind, f"first {kind.value} key", b"", ORG, DEFAULT_PROJECT)) for kind in kinds]
        events: list[Event] = [ProjectMade(DEFAULT_PROJECT, ORG, "Default")]
        self.record([*events, *(KeyMade(one.entry) for one in made)], by="gatepost")
        return made

    def install(self, kind: KeyKind, secret: Secret, variable: str) -> str | None:
        """Puts in force the key that the environment gives, and revokes the one that it gave before.

        Returns a warning when the key was revoked, which its being in the environment does not undo.
        """
        text = secret.reveal()
        _check_form(kind, text, variable)
        name = f"from {variable}"
        known = self.identities.keys.get(key_id(text))
        if known is not None and (not same(known.digest, digest(text)) or known.kind is not kind):
            raise ConfigurationError((Problem("environment", f"the id in `{variable}` belongs to another key"),))
        events: list[Event] = [
            KeyTurned(key.id, KeyState.REVOKED)
            for key in self.identities.keys.values()
            if key.name == name and key.state is not KeyState.REVOKED and key is not known
        ]
        if known is None:
            entry = KeyEntry(key_id(text), kind, name, digest(text), ORG, DEFAULT_PROJECT)
            events.append(KeyMade(entry))
        if events:
            self.record(events, by="environment")
        if known is not None and known.state is not KeyState.ACTIVE:
            return f"the key in `{variable}` is {known.state.value} and admits nobody"
        return None

    def record(self, events: list[Event], *, by: str) -> None:
        """Adds `events` to the log, all or none."""
        self._store.record(events, by=by)
        self.reread()

    def reread(self) -> None:
        """Takes the log as it is stored now."""
        self.identities = self._store.identities()


def _made(like: KeyEntry) -> MadeKey:
    text = f"{prefix_of(like.kind)}_{secrets.token_hex(6)}_{secrets.token_hex(24)}"
    entry = structs.replace(like, id=key_id(text), digest=digest(text), state=KeyState.ACTIVE)
    return MadeKey(entry, Secret(text))


def rates_said(said: RatesShape | None) -> RateLimits:
    """The rate limits that a new key is given."""
    return RateLimits(said.rpm, said.tpm, said.max_parallel_requests) if said is not None else NO_RATES


def prefix_of(kind: KeyKind) -> str:
    """How the keys of a kind begin."""
    return _PREFIX[kind]


def _check_form(kind: KeyKind, text: str, variable: str) -> None:
    """A key with our prefix has our form and the prefix of its kind; any other long text is welcome."""
    if text.startswith(("gp_", "gpa_")):
        prefix = _PREFIX[kind] + "_"
        if not text.startswith(prefix) or not _WELL_FORMED.fullmatch(text):
            words = (
                f"`{variable}` begins like a gateway key and must be `{prefix}<id>_<secret of 16 characters or more>`"
            )
            raise ConfigurationError((Problem("environment", words),))
