"""Checks that the settings of call rules share."""

import pytest

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.policy.kinds.deciding import check_positive, check_share


def test_limits_are_more_than_nothing() -> None:
    check_positive({"most": 1, "none": None})
    with pytest.raises(Unloadable, match="`most` must be more than 0"):
        check_positive({"most": 0})
    with pytest.raises(Unloadable):
        check_positive({"most": float("nan")})


def test_shares() -> None:
    check_share("share", 0.0)
    check_share("share", 1.0)
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(Unloadable):
            check_share("share", wrong)
