"""`POST /v1/signup`: an organisation, a project and a key for whoever asks, where the operator lets strangers in."""

import secrets
from ipaddress import ip_address

from msgspec import Struct

from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House, Station
from gatepost_gateway.control.shapes import Signup
from gatepost_gateway.domain.errors import Code, Forbidden, LimitExceeded
from gatepost_gateway.domain.snapshot import KeyEntry, KeyKind
from gatepost_gateway.settings import Settings
from gatepost_gateway.storage.config import MemberSet, OrgMade, ProjectMade


class SignedUp(Struct, frozen=True, kw_only=True):
    """`api_key` is shown this once and stored hashed."""

    org_id: str
    project_id: str
    email: str
    api_key: str
    message: str


def is_open(settings: Settings) -> bool:
    """As `server.signup` says; where it says nothing, on loopback, unless a trusted proxy may stand before it."""
    server = settings.server
    if server.signup is not None:
        return server.signup
    return _is_loopback(server.host) and not server.trusted_proxies


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def sign_up(house: House, asked: Asked) -> Answer:
    if not is_open(house.settings):
        raise Forbidden("nobody can sign up here: ask whoever runs this gateway for a key", code=Code.SIGNUP_CLOSED)
    said = asked.said(Signup)
    wait = house.arrivals.admit(asked.address)
    if wait > 0:
        raise LimitExceeded(
            f"too many signed up from here: try again in {wait:.0f} s",
            code=Code.RATE_LIMITED,
            status=429,
            retry_after=wait,
        )
    org, project, member = (f"{word}-{secrets.token_hex(6)}" for word in ("org", "prj", "mem"))
    async with house.writing():
        like = KeyEntry("", KeyKind.RUNTIME, "signup", b"", org, project)
        made = house.keyring.issue(
            like,
            by="signup",
            first=[
                OrgMade(org, said.org_name or said.email),
                ProjectMade(project, org, said.project_name, own_keys_only=True),
                MemberSet(org, member, said.email, Station.OWNER.value),
            ],
        )
    return Answer(
        SignedUp(
            org_id=org,
            project_id=project,
            email=said.email,
            api_key=made.text.reveal(),
            message="keep this key, it is shown once; bring a provider's key with POST /v1/keys",
        ),
        201,
    )


ENDPOINTS = (
    Endpoint(
        "POST", "/v1/signup", sign_up, Access.PUBLIC, "Sign up, where that is open", Signup, answer=SignedUp, status=201
    ),
)
