"""Brings a database to the form that this version works with, one numbered file after the other.

`NNNN_pre_title.sql` adds (the version before still works with it) and runs at start. `NNNN_post_title.sql` takes away
and runs when `gatepost db upgrade` says so, after every process has moved on. So a database with a `pre` of a newer
version is usable, one with a `post` of a newer version is not. Each file runs whole or not at all.
"""

import re
from enum import StrEnum
from importlib.resources.abc import Traversable
from pathlib import Path

from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.storage.database import Database
from gatepost_gateway.storage.faults import TooNew
from gatepost_gateway.storage.queries import Queries

TURN = "schema"
_NAME = re.compile(r"\d{4}_(pre|post)_\w+\.sql")


class Phase(StrEnum):
    """Before and after the code that needs the new form."""

    PRE = "pre"
    POST = "post"


def migrations(folder: Traversable) -> list[str]:
    """The names of the migrations in `folder`, in order. Raises ValueError for a name that says no number and phase."""
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))
    for name in names:
        if not _NAME.fullmatch(name):
            msg = f"migration `{name}` is not called `NNNN_pre_title.sql` or `NNNN_post_title.sql`"
            raise ValueError(msg)
    return names


def phase_of(name: str) -> Phase:
    return Phase(name.split("_")[1])


def migrate(db: Database, folder: Traversable, phases: frozenset[Phase], clock: Clock, path: Path) -> list[str]:
    """Runs what is missing, in order, up to the first that is of no phase in `phases`; returns what ran.

    Raises TooNew when the database went through a `post` migration that is not in `folder`, DatabaseError if it fails.
    """
    sql = Queries("migrate.sql", db.dialect)
    known = migrations(folder)
    db.script(sql["make_table"])
    done = {name for (name,) in db.all(sql["done"])}
    for name in sorted(done.difference(known)):
        if phase_of(name) is Phase.POST:
            raise TooNew(
                f"has the form of a newer version (`{name}`)", path, hint="run that version, or restore a backup"
            )
    ran: list[str] = []
    for name in (name for name in known if name not in done):
        if phase_of(name) not in phases:
            break
        _run(db, sql, name, folder.joinpath(name).read_text(), clock.micros())
        ran.append(name)
    return ran


def _run(db: Database, sql: Queries, name: str, script: str, now: int) -> None:
    with db.transaction(TURN):
        # Another process may have been faster; the table decides under the lock.
        if db.one(sql["ran"], (name,)) is None:
            db.script(script)
            db.run(sql["note"], (name, now))
