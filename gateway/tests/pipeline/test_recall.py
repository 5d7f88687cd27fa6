from gatepost_gateway.pipeline import recall

from .fakes import House, chat, snapshot_of


def test_nothing_is_cached_in_this_version():
    house = House(snapshot_of())
    assert recall.recall(house.exchange.open(house.inbound(chat()))) is None
