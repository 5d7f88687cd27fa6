"""Signs in English, one by one."""

from gatepost_gateway.detect.expressions import Expression
from gatepost_gateway.detect.injection.signs import SIGNS


def test_every_sign_and_hint_compiles():
    for sign in SIGNS:
        Expression(sign.source)
        Expression(sign.hint)
        assert 0 < sign.weight <= 1
