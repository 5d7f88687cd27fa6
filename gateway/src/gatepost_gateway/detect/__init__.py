"""Detectors: each finds one sort of thing in a text, in bounded time. They decide nothing."""
