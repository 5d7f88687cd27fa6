"""`/api/v1/master-key`: how the key that seals everything stands, and its change, a piece of work a request."""

from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House
from gatepost_gateway.control.rotation import Standing
from gatepost_gateway.control.shapes import MasterRotation


async def show(house: House, asked: Asked) -> Answer:  # noqa: ARG001
    return Answer(house.master_key.view())


async def rotate(house: House, asked: Asked) -> Answer:
    return Answer(await house.master_key.advance(house, keep_old=asked.said(MasterRotation).keep_old))


ENDPOINTS = (
    Endpoint("GET", "/api/v1/master-key", show, Access.ADMIN, "How the master key stands", answer=Standing),
    Endpoint(
        "POST",
        "/api/v1/master-key/rotate",
        rotate,
        Access.ADMIN,
        "Go on with a change of the master key, or begin one; repeated until `state` is `done`",
        MasterRotation,
        optional_body=True,
        answer=Standing,
    ),
)
