from gatepost_gateway.domain.usage import NOTHING, Usage


def test_the_total_counts_each_token_once():
    used = Usage(input=1, output=10, cache_read=100, cache_write=1000, reasoning=7, images=3)
    assert used.total == 1111
    assert NOTHING.total == 0
    assert NOTHING.exact
