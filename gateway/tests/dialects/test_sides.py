from gatepost_gateway.dialects import registry
from gatepost_gateway.dialects.registry import CALLERS
from gatepost_gateway.dialects.sides import ProviderSide, Shape


def test_whoever_speaks_a_format_on_both_sides_can_pass_bytes():
    sides = [side for side in vars(registry).values() if isinstance(side, ProviderSide)]
    assert len(sides) >= 3
    for side in sides:
        assert (side.same is not None) == (side.dialect in CALLERS)


def test_every_format_is_listed_under_its_own_name():
    assert all(side.dialect is name for name, side in CALLERS.items())


def test_a_shape_asks_for_nothing_by_itself():
    shape = Shape(model="m")
    assert (shape.cap, shape.max_output, shape.thinks, shape.echoes, shape.stream) == (None, None, False, False, False)
