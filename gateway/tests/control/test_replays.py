from gatepost_gateway.control.endpoint import Access
from gatepost_gateway.control.replays import ENDPOINTS


def test_only_an_administrator_replays() -> None:
    (one,) = ENDPOINTS
    assert (one.method, one.path, one.access) == ("POST", "/api/v1/policies/replay", Access.ADMIN)
