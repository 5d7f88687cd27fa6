from gatepost_gateway.domain.usage import NOTHING, Usage, plus


def test_the_total_counts_each_token_once():
    used = Usage(input=1, output=10, cache_read=100, cache_write=1000, reasoning=7, images=3)
    assert used.total == 1111
    assert NOTHING.total == 0
    assert NOTHING.exact


def test_usages_add_up_bucket_by_bucket():
    one, other = Usage(1, 2, 3, 4, 5, 6), Usage(10, 20, 30, 40, 50, 60, exact=False)
    assert plus(one, other) == Usage(11, 22, 33, 44, 55, 66, exact=False)
    assert plus(one, NOTHING) == one
