"""`/api/v1/versions` and `/api/v1/apply`: every state of the configuration, and the way to a new one."""

from pathlib import Path

from gatepost_gateway.control import answers
from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House, by
from gatepost_gateway.control.shapes import Application
from gatepost_gateway.control.view import shown
from gatepost_gateway.domain.clock import iso
from gatepost_gateway.settings import ConfigFile, Server
from gatepost_gateway.settings.server import server_of
from gatepost_gateway.storage.config import Version

_KEYS = {"host": "listen", "port": "listen", "egress_allow": "egress"}
"""Settings that the file calls by another name."""


def _head(house: House, version: Version) -> answers.Version:
    current = version.number == house.configuration.current.version.number
    return answers.Version(version.number, iso(version.at), version.by, version.digest, version.note, current)


async def index(house: House, asked: Asked) -> Answer:  # noqa: ARG001
    return Answer(answers.VersionPage([_head(house, version) for version in house.store.history()]))


async def show(house: House, asked: Asked) -> Answer:
    kept = house.store.get(asked.number("number"))
    head = _head(house, kept.version)
    return Answer(
        answers.VersionDocument(
            head.number, head.created_at, head.by, head.digest, head.note, head.current, shown(kept.document)
        )
    )


async def diff(house: House, asked: Asked) -> Answer:
    return Answer(answers.VersionDiff(house.configuration.diff(asked.number("before"), asked.number("after"))))


async def rollback(house: House, asked: Asked) -> Answer:
    async with house.writing():
        done = house.configuration.rollback(asked.number("number"), by=by(asked.caller))
    return Answer(answers.Rollback(done.number, done.changes))


async def apply(house: House, asked: Asked) -> Answer:
    said = asked.said(Application)
    async with house.writing():
        file = house.configuration.parse(said.document, said.name, Path(said.name).parent)
        done = house.configuration.apply(file, by=by(asked.caller), note=f"apply {said.name}", dry_run=said.dry_run)
    warnings = [*done.warnings, *_not_now(house, file)]
    return Answer(answers.Applied(done.number, done.changes, warnings, said.dry_run))


def _not_now(house: House, file: ConfigFile) -> list[str]:
    """What of `server` a running process does not take up."""
    environment = house.settings.environment
    running = house.settings.server
    wanted = server_of(file.server, environment.listen, environment.data_dir, file.base)
    differing = {name for name in Server.__struct_fields__ if getattr(running, name) != getattr(wanted, name)}
    if running.data_dir.resolve() == wanted.data_dir.resolve():
        differing.discard("data_dir")
    said = file.server.model_dump(exclude_none=True)
    keys = sorted({_KEYS.get(name, name) for name in differing}.intersection(said))
    return [f"`server.{key}` is read when `gatepost serve` starts with this file" for key in keys]


ENDPOINTS = (
    Endpoint("GET", "/api/v1/versions", index, Access.ADMIN, "List the versions", answer=answers.VersionPage),
    Endpoint("GET", "/api/v1/versions/{number}", show, Access.ADMIN, "Show a version", answer=answers.VersionDocument),
    Endpoint(
        "GET",
        "/api/v1/versions/{before}/diff/{after}",
        diff,
        Access.ADMIN,
        "Compare two versions",
        answer=answers.VersionDiff,
    ),
    Endpoint(
        "POST",
        "/api/v1/versions/{number}/rollback",
        rollback,
        Access.ADMIN,
        "Make a new version equal to an old one",
        answer=answers.Rollback,
    ),
    Endpoint("POST", "/api/v1/apply", apply, Access.ADMIN, "Apply a file", Application, answer=answers.Applied),
)
