"""Placeholder."""

from __future__ import annotations
from typing import Any


class TypeChecker:
    def __init__(self, root: Any, functions: Any, errors: Any, known: Any = None) -> None:
        self.known = known or {}

    def program(self, graph: Any, groups: Any) -> None:
        pass

    def query(self, body: Any) -> None:
        pass
