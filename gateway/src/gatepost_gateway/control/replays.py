"""`/api/v1/policies/replay`: a draft of the file held against recorded calls, as if it had been applied."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from msgspec import structs

from gatepost_gateway.control.compose import build_snapshot
from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House
from gatepost_gateway.control.rego import read_policies
from gatepost_gateway.control.replaying import Replayed, replay
from gatepost_gateway.control.shapes import ReplayAsked
from gatepost_gateway.control.traces import source
from gatepost_gateway.domain.clock import DAY_MICROS, from_iso
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.records import Closed, Stored
from gatepost_gateway.domain.snapshot import SnapshotDocument
from gatepost_gateway.policy.chains import Chains
from gatepost_gateway.policy.rego.register import register_of
from gatepost_gateway.policy.rejudge import Version, version_of
from gatepost_gateway.policy.trial import Draft
from gatepost_gateway.settings.declared import Document

DAYS = 7
MOST_VERSIONS = 500
"""The newest versions of the configuration that calls may have met."""


async def create(house: House, asked: Asked) -> Answer:
    """Answers when it is done; the work runs in a thread of the control plane, and no call waits for it."""
    said = asked.said(ReplayAsked)
    until = house.clock.micros() + 1
    since = _moment(said.since) if said.since is not None else until - DAYS * DAY_MICROS
    configuration = house.configuration
    file = configuration.parse(said.document, said.name, Path(said.name).parent)
    layer = read_policies(file, file.layer, configuration.document.file, configuration.check_policies)
    draft = _snapshot(house, structs.replace(configuration.document, file=layer))
    met = _met(house)

    def work(calls: Iterator[tuple[Closed, Stored | None]]) -> Replayed:
        return replay(calls, said.limit, _version(draft), met)

    return Answer(await source(house).over_calls(said.project, since, until, work))


def _moment(text: str) -> int:
    try:
        return from_iso(text)
    except (ValueError, OverflowError):
        raise CallerError("`since` must be a time such as 2026-11-20T08:00:00Z") from None


def _snapshot(house: House, document: Document) -> SnapshotDocument:
    return build_snapshot(0, document, house.store.identities(), {})


def _met(house: House) -> Callable[[int], Version | None]:
    """By number; each is compiled when a call needs it."""
    numbers = [version.number for version in house.store.history(MOST_VERSIONS)]
    documents = {number: _snapshot(house, house.store.get(number).document) for number in numbers}

    @cache
    def found(number: int) -> Version | None:
        document = documents.get(number)
        return _version(document) if document is not None else None

    return found


def _version(document: SnapshotDocument) -> Version:
    return version_of(document, Draft(Chains(document.rules, b""), register_of(document, b"")))


ENDPOINTS = (
    Endpoint(
        "POST",
        "/api/v1/policies/replay",
        create,
        Access.ADMIN,
        "Judge recorded calls by a draft",
        ReplayAsked,
        answer=Replayed,
    ),
)
