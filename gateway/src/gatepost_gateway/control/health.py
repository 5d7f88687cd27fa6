"""`/api/v1/health`: how the control plane is. The gateway's own `/health` is answered by the data plane."""

from gatepost_gateway.control import answers
from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House


async def show(house: House, asked: Asked) -> Answer:  # noqa: ARG001
    return Answer(answers.Health(**house.health()))


ENDPOINTS = (Endpoint("GET", "/api/v1/health", show, Access.ADMIN, "How the control plane is", answer=answers.Health),)
