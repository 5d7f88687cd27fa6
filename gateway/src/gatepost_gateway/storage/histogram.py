"""How long calls took, as counts in buckets that grow by a constant factor: quantiles with a stated error, any merge.

A duration v (microseconds, at least 1) falls into bucket ceil(log(v) / log(GROWTH)); a quantile is answered with the
middle of its bucket, which is off by at most `ERROR` of the value. The scheme is that of DDSketch (Masson, Rim, Lee:
"DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019), without a bound on
the number of buckets: ten hours are bucket 1220.
"""

import math
from collections.abc import Mapping

import msgspec

ERROR = 0.01
"""The largest relative error of a quantile."""
GROWTH = (1 + ERROR) / (1 - ERROR)
_SCALE = 1 / math.log(GROWTH)
_decode = msgspec.msgpack.Decoder(dict[int, int]).decode


def bucket_of(micros: int) -> int:
    """The bucket of a duration; anything below a microsecond is one."""
    return math.ceil(math.log(micros) * _SCALE) if micros > 1 else 0


def quantile(buckets: Mapping[int, int], share: float) -> float | None:
    """The duration in microseconds below which `share` (0 to 1) of the calls were; None when there was none."""
    total = sum(buckets.values())
    if not total:
        return None
    rank, seen, bucket = share * (total - 1), 0, 0
    for bucket in sorted(buckets):
        seen += buckets[bucket]
        if seen > rank:
            break
    return 2 * GROWTH**bucket / (GROWTH + 1)


def add(into: dict[int, int], more: Mapping[int, int]) -> None:
    for bucket, count in more.items():
        into[bucket] = into.get(bucket, 0) + count


def encode(buckets: Mapping[int, int]) -> bytes:
    return msgspec.msgpack.encode(dict(buckets)) if buckets else b""


def decode(data: bytes) -> dict[int, int]:
    return _decode(data) if data else {}


def merged(one: bytes, other: bytes) -> bytes:
    """Two encoded histograms as one: the function that SQLite calls when a row is added to."""
    if not one or not other:
        return one or other
    buckets = decode(one)
    add(buckets, decode(other))
    return encode(buckets)
