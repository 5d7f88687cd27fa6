"""`/api/v1/orgs`: organisations, their projects, and their members in their roles."""

import secrets

from msgspec import Struct

from gatepost_gateway.control import answers
from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House, Station, by
from gatepost_gateway.control.identity import ORG
from gatepost_gateway.control.keys import shown_once
from gatepost_gateway.control.roles import SENIOR
from gatepost_gateway.control.shapes import MemberKeyNew, MemberNew, MemberRole, OrgNew, ProjectNew
from gatepost_gateway.domain.errors import CallerError, Code, Forbidden
from gatepost_gateway.domain.snapshot import KeyEntry, KeyKind, KeyState
from gatepost_gateway.settings import ConfigurationError, Problem
from gatepost_gateway.storage.config import Event, KeyTurned, MemberGone, MemberSet, OrgMade, ProjectMade


class Org(Struct, frozen=True):
    id: str
    name: str


class OrgPage(Struct, frozen=True):
    items: list[Org]


class OrgProject(Struct, frozen=True):
    """`own_keys_only`: it signed itself up, and uses the provider keys that it brought."""

    id: str
    org: str
    name: str
    own_keys_only: bool


class OrgProjectPage(Struct, frozen=True):
    items: list[OrgProject]


class Member(Struct, frozen=True):
    id: str
    email: str
    role: str


class MemberPage(Struct, frozen=True):
    items: list[Member]


def _orgs(house: House) -> dict[str, Org]:
    known = {one.id: Org(one.id, one.name) for one in house.keyring.identities.orgs.values()}
    return {ORG: Org(ORG, "Default"), **known}


def _org(house: House, asked: Asked) -> Org:
    """The organisation that is asked about. Raises CallerError (404), also for one that is not the caller's."""
    wanted = asked.path["id"]
    found = _orgs(house).get(wanted)
    if found is None or asked.caller.org not in (None, wanted):
        raise CallerError(f"there is no organisation `{wanted[:80]}`", code=Code.NOT_FOUND, status=404)
    return found


async def index(house: House, asked: Asked) -> Answer:
    return Answer(OrgPage([one for one in _orgs(house).values() if asked.caller.org in (None, one.id)]))


async def show(house: House, asked: Asked) -> Answer:
    return Answer(_org(house, asked))


async def create(house: House, asked: Asked) -> Answer:
    said = asked.said(OrgNew)
    org = Org(said.id or f"org-{secrets.token_hex(6)}", said.name)
    async with house.writing():
        if org.id in _orgs(house):
            raise _taken("organisation", org.id)
        house.keyring.record([OrgMade(org.id, org.name)], by=by(asked.caller))
    return Answer(org, 201)


def _taken(what: str, id: str) -> CallerError:
    return CallerError(f"there is {what} `{id}` already", code=Code.CONFLICT, status=409)


async def projects(house: House, asked: Asked) -> Answer:
    org = _org(house, asked)
    found = [one for one in house.snapshot.projects.values() if one.org == org.id]
    return Answer(OrgProjectPage([OrgProject(one.id, one.org, one.name, one.own_keys_only) for one in found]))


async def add_project(house: House, asked: Asked) -> Answer:
    """A project of an organisation that signed itself up brings its own provider keys, as its first one does."""
    org, said = _org(house, asked), asked.said(ProjectNew)
    only = any(one.org == org.id and one.own_keys_only for one in house.keyring.identities.projects.values())
    made = ProjectMade(said.id or f"prj-{secrets.token_hex(6)}", org.id, said.name, only)
    async with house.writing():
        if made.id in house.projects():
            raise _taken("a project", made.id)
        house.keyring.record([made], by=by(asked.caller))
    return Answer(OrgProject(made.id, made.org, made.name, made.own_keys_only), 201)


def _members(house: House, org: str) -> list[MemberSet]:
    return [one for one in house.keyring.identities.members.values() if one.org == org]


async def members(house: House, asked: Asked) -> Answer:
    found = _members(house, _org(house, asked).id)
    return Answer(MemberPage([Member(one.id, one.email, one.role) for one in found]))


def _member(house: House, asked: Asked) -> MemberSet:
    wanted = asked.path["member"]
    found = house.keyring.identities.members.get((_org(house, asked).id, wanted))
    if found is None:
        raise CallerError(f"there is no member `{wanted[:80]}`", code=Code.NOT_FOUND, status=404)
    _may_touch(asked, found.role)
    return found


def _may_touch(asked: Asked, role: str) -> None:
    """Raises Forbidden (403) when somebody else than an owner or an operator would make or touch an owner."""
    if role == Station.OWNER.value and asked.caller.station not in SENIOR:
        raise Forbidden("only an owner makes, changes and removes owners, and makes keys for them")


def _keep_an_owner(house: House, member: MemberSet) -> None:
    """Raises CallerError (409) when the last owner would go."""
    owners = [one for one in _members(house, member.org) if one.role == Station.OWNER.value]
    if owners == [member]:
        raise CallerError(
            "an organisation keeps at least one owner: make another first", code=Code.CONFLICT, status=409
        )


async def add_member(house: House, asked: Asked) -> Answer:
    org, said = _org(house, asked), asked.said(MemberNew)
    _may_touch(asked, said.role)
    made = MemberSet(org.id, f"mem-{secrets.token_hex(6)}", said.email, said.role)
    async with house.writing():
        if any(one.email == said.email for one in _members(house, org.id)):
            raise _taken("a member", said.email)
        house.keyring.record([made], by=by(asked.caller))
    return Answer(Member(made.id, made.email, made.role), 201)


async def change_member(house: House, asked: Asked) -> Answer:
    role = asked.said(MemberRole).role
    _may_touch(asked, role)
    async with house.writing():
        member = _member(house, asked)
        if role != Station.OWNER.value:
            _keep_an_owner(house, member)
        house.keyring.record([MemberSet(member.org, member.id, member.email, role)], by=by(asked.caller))
    return Answer(Member(member.id, member.email, role))


async def remove_member(house: House, asked: Asked) -> Answer:
    """The member's keys are revoked with it."""
    async with house.writing():
        member = _member(house, asked)
        _keep_an_owner(house, member)
        keys = [one for one in house.keyring.identities.keys.values() if one.member == member.id]
        events: list[Event] = [KeyTurned(one.id, KeyState.REVOKED) for one in keys]
        house.keyring.record([*events, MemberGone(member.org, member.id)], by=by(asked.caller))
    return Answer(None, 204)


async def add_key(house: House, asked: Asked) -> Answer:
    said = asked.said(MemberKeyNew)
    async with house.writing():
        member = _member(house, asked)
        project = house.snapshot.projects.get(said.project)
        if project is None or project.org != member.org:
            raise ConfigurationError((Problem("project", f"project `{said.project}` is not of this organisation"),))
        if said.expires_at is not None and said.expires_at <= house.clock.micros():
            raise ConfigurationError((Problem("expires_at", "is over already"),))
        like = KeyEntry(
            "", KeyKind.ADMIN, said.name, b"", member.org, project.id, expires_at=said.expires_at, member=member.id
        )
        made = house.keyring.issue(like, by=by(asked.caller))
    return Answer(shown_once(house, made), 201)


_ROOT = "/api/v1/orgs"
_MEMBERS = f"{_ROOT}/{{id}}/members"
_READ, _WRITE = Access.ORG_READ, Access.ORG_WRITE
ENDPOINTS = (
    Endpoint("GET", _ROOT, index, _READ, "List the organisations", answer=OrgPage),
    Endpoint("POST", _ROOT, create, Access.ADMIN, "Make an organisation", OrgNew, answer=Org, status=201),
    Endpoint("GET", f"{_ROOT}/{{id}}/projects", projects, _READ, "List its projects", answer=OrgProjectPage),
    Endpoint(
        "POST",
        f"{_ROOT}/{{id}}/projects",
        add_project,
        _WRITE,
        "Make a project",
        ProjectNew,
        answer=OrgProject,
        status=201,
    ),
    Endpoint("GET", _MEMBERS, members, _READ, "List its members", answer=MemberPage),
    Endpoint("POST", _MEMBERS, add_member, _WRITE, "Add a member", MemberNew, answer=Member, status=201),
    Endpoint(
        "POST",
        f"{_MEMBERS}/{{member}}/keys",
        add_key,
        _WRITE,
        "Make an admin key for a member",
        MemberKeyNew,
        answer=answers.NewKey,
        status=201,
    ),
    Endpoint("PUT", f"{_MEMBERS}/{{member}}", change_member, _WRITE, "Change a role", MemberRole, answer=Member),
    Endpoint("DELETE", f"{_MEMBERS}/{{member}}", remove_member, _WRITE, "Remove a member and its keys", status=204),
    Endpoint("GET", f"{_ROOT}/{{id}}", show, _READ, "Show an organisation", answer=Org),
)
