"""Names by shell patterns."""

from gatepost_gateway.policy.kinds.globs import Globs


def test_stars_and_case() -> None:
    assert Globs(["delete_*"]).match("delete_user")
    assert not Globs(["delete_*"]).match("Delete_user")
    assert Globs(["delete_*"], fold=True).match("DELETE_User")
    assert not Globs(["pay"]).match("payout")
    assert not Globs([])
    assert Globs(["a", "b?"]).match("bc")
