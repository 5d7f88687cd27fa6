"""Attempts to take a model over: signs in several readings of a text, weighed together."""

from functools import cache

from gatepost_gateway.detect.injection.detector import InjectionDetector


@cache
def injection() -> InjectionDetector:
    """The one detector, shared by all rules."""
    return InjectionDetector()
