"""`gatepost doctor`: looks at everything that can be wrong before somebody notices. Changes nothing."""

import argparse
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from typing import Any, cast

from msgspec import Struct

from gatepost_gateway.cli import asking
from gatepost_gateway.cli.output import say, say_json, table
from gatepost_gateway.control.reach import LOCK, OverHttp, announced
from gatepost_gateway.domain.clock import SystemClock, day
from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.settings import ConfigurationError, Settings
from gatepost_gateway.storage import catalog
from gatepost_gateway.storage import config as config_file
from gatepost_gateway.storage import vault as vault_file
from gatepost_gateway.storage.backup import check
from gatepost_gateway.storage.config import ConfigStore
from gatepost_gateway.storage.faults import Locked
from gatepost_gateway.storage.home import ID_FILE, config_home, records_home
from gatepost_gateway.storage.lock import acquire
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.segments import Position
from gatepost_gateway.storage.vault import open_vault

OK, WARNING, ERROR = "ok", "warning", "error"
CATALOG_DAYS = 180


class Finding(Struct, frozen=True):
    """What one look found."""

    part: str
    status: str
    detail: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    asking.add_local_arguments(parser)


def run(said: argparse.Namespace) -> int:
    """0 all is well, 1 something is broken, 2 something deserves a look."""
    findings = examine(said)
    if said.json:
        say_json({"findings": findings})
    else:
        say(table(("part", "status", "detail"), [(one.part, one.status, one.detail) for one in findings]))
    states = {one.status for one in findings}
    return 1 if ERROR in states else 2 if WARNING in states else 0


def examine(said: argparse.Namespace) -> list[Finding]:
    """Everything that was found."""
    try:
        settings = asking.settings_of(said)
    except ConfigurationError as error:
        return [Finding("file", ERROR, str(problem)) for problem in error.problems]
    name = settings.file.name if settings.file is not None else "none: everything is as it comes"
    findings = [Finding("file", OK, name), *_catalogue()]
    data_dir = settings.server.data_dir
    begun = data_dir / (config_file.FILE if settings.server.store_url is None else ID_FILE)
    if not begun.exists():
        return [*findings, Finding("data", WARNING, f"`{data_dir}` holds no gateway yet: `gatepost serve` makes one")]
    looks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (_folder, _process, _store, _secrets, _data)
    return [*findings, *(found for look in looks for found in look(settings))]


def _catalogue() -> Iterator[Finding]:
    today = date.fromisoformat(day(SystemClock().micros()))
    age = (today - date.fromisoformat(catalog.as_of())).days
    if age > CATALOG_DAYS:
        yield Finding("catalogue", WARNING, f"prices are of {catalog.as_of()}: newer versions know newer ones")
    else:
        yield Finding("catalogue", OK, f"prices of {catalog.as_of()}")


def _folder(settings: Settings) -> Iterator[Finding]:
    data_dir = settings.server.data_dir
    for path in (data_dir, *sorted(data_dir.iterdir())):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077 and (path == data_dir or path.name in (vault_file.FILE, config_file.FILE)):
            better = "700" if path.is_dir() else "600"
            yield Finding("data", WARNING, f"`{path}` is open to others ({mode:04o}): run `chmod {better} {path}`")
    yield Finding("data", OK, str(data_dir))


def _process(settings: Settings) -> Iterator[Finding]:
    data_dir = settings.server.data_dir
    try:
        acquire(data_dir / LOCK).release()
    except Locked as held:
        said = announced(data_dir)
        if said is None:
            yield Finding("gateway", WARNING, f"process {held.pid} works on the data and does not say where it listens")
            return
        yield _answers(str(said["url"]))
        return
    yield Finding("gateway", OK, "none runs on this data")


def _answers(url: str) -> Finding:
    try:
        # Nothing secret is shown to an address that may be anybody's.
        status, page = OverHttp(url, Secret("doctor")).call("GET", "/health")
    except GatewayError as error:
        return Finding("gateway", ERROR, error.public)
    word = cast("dict[str, Any]", page).get("status") if isinstance(page, dict) else None
    return Finding("gateway", OK if word == "healthy" else WARNING, f"{url} answers {status}: {word}")


def _store(settings: Settings) -> Iterator[Finding]:
    """Whether a shared store answers, and who else is there."""
    url = settings.server.store_url
    if url is None:
        return
    try:
        with closing(ConfigStore(config_home(settings.server.data_dir, url))) as store:
            others, (version, _) = store.others(), store.marks()
    except GatewayError as error:
        yield Finding("store", ERROR, error.public)
    else:
        yield Finding("store", OK, f"PostgreSQL answers: version {version}, {others} other gateways run on it")


def _secrets(settings: Settings) -> Iterator[Finding]:
    """Whether the master key opens what it sealed, and what has no key."""
    data_dir = settings.server.data_dir
    if settings.environment.master_key is None and not (data_dir / vault_file.FILE).exists():
        yield Finding(
            "secrets", ERROR, f"`{data_dir / vault_file.FILE}` is gone: restore it, or set GATEPOST_MASTER_KEY"
        )
        return
    try:
        vault = open_vault(data_dir, settings.environment.master_key)
    except GatewayError as error:
        yield Finding("secrets", ERROR, error.public)
        return
    try:
        with closing(ConfigStore(config_home(data_dir, settings.server.store_url))) as store:
            current, own = store.current(), store.identities().own_keys
    except GatewayError as error:
        yield Finding("secrets", ERROR, error.public)
        return
    models = [*current.document.file.models, *current.document.api.models] if current is not None else []
    for model in models:
        if model.api_key is None:
            continue
        if model.api_key.sealed is None:
            yield Finding("secrets", WARNING, f"model `{model.id}`: `{model.api_key.env}` was not set, it has no key")
            continue
        try:
            vault.open(model.api_key.sealed)
        except GatewayError as error:
            yield Finding("secrets", ERROR, f"model `{model.id}`: {error.public}")
    for (project, provider), key in own.items():
        try:
            vault.open(key.sealed)
        except GatewayError as error:
            yield Finding("secrets", ERROR, f"the key of project `{project}` for {provider.value}: {error.public}")
    yield Finding("secrets", OK, f"{len(models)} models and {len(own)} keys of projects looked at")


def _data(settings: Settings) -> Iterator[Finding]:
    server = settings.server
    place: Position | None = None
    if server.store_url is not None:
        try:
            with Records(records_home(server.data_dir, server.store_url)) as records:
                place = records.position()
        except GatewayError as error:
            yield Finding("records", ERROR, error.public)
            return
    found = check(server.data_dir, place)
    for problem in found.problems:
        yield Finding("records", ERROR, problem)
    yield Finding(
        "records", OK, f"{found.entries} entries in {found.segments} segments, {found.unfolded} not folded yet"
    )
