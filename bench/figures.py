"""The little statistics that the benchmark needs."""

from collections.abc import Iterable, Sequence


def percentile(ordered: Sequence[float], share: float) -> float:
    """Returns the value at or above which no more than `1 - share` of the sorted values lie; 0 of nothing."""
    if not ordered:
        return 0.0
    place = min(len(ordered) - 1, int(share * len(ordered)))
    return float(ordered[place])


def median(values: Iterable[float]) -> float:
    """Returns the middle value, or the mean of the two in the middle."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("the median of nothing")
    half = len(ordered) // 2
    if len(ordered) % 2:
        return float(ordered[half])
    return (ordered[half - 1] + ordered[half]) / 2
