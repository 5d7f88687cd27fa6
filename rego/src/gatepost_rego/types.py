"""Static types of Rego, as the type checker and the built-ins' signatures speak of them.

See "Built-in Functions" in OPA's policy reference; :func:`str` prints a type as OPA's own
error messages do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias, Union


@dataclass(frozen=True, slots=True)
class Scalar:
    """null, boolean, number or string."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """An array: the types of its first items, then of all further ones (None: there are none)."""

    static: tuple[Type, ...] = ()
    dynamic: Type | None = None

    def __str__(self) -> str:
        text = "array"
        if self.static:
            text += f"<{', '.join(map(str, self.static))}>"
        return text + (f"[{self.dynamic}]" if self.dynamic is not None else "")


@dataclass(frozen=True, slots=True)
class SetOf:
    """A set of members of one type (None: the empty set)."""

    of: Type | None

    def __str__(self) -> str:
        return "set" if self.of is None else f"set[{self.of}]"


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """An object: its known keys with their types, then the type of all further keys and values."""

    static: tuple[tuple[object, Type], ...] = ()
    dynamic: tuple[Type, Type] | None = None

    def __str__(self) -> str:
        text = "object"
        if self.static:
            text += f"<{', '.join(f'{k}: {t}' for k, t in self.static)}>"
        return text + (f"[{self.dynamic[0]}: {self.dynamic[1]}]" if self.dynamic else "")


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A value of one of the types; of whatever type when there are none named."""

    of: tuple[Type, ...] = ()

    def __str__(self) -> str:
        return f"any<{', '.join(map(str, self.of))}>" if self.of else "any"


Type: TypeAlias = Union[Scalar, ArrayOf, SetOf, ObjectOf, AnyOf]

NULL: Final = Scalar("null")
BOOLEAN: Final = Scalar("boolean")
NUMBER: Final = Scalar("number")
STRING: Final = Scalar("string")
ANY: Final = AnyOf()
ANY_ARRAY: Final = ArrayOf(dynamic=ANY)
ANY_SET: Final = SetOf(ANY)
ANY_OBJECT: Final = ObjectOf(dynamic=(ANY, ANY))


@dataclass(frozen=True, slots=True)
class Named:
    """One argument or the result in a signature: its name as OPA documents it, and its type."""

    name: str
    type: Type

    def __str__(self) -> str:
        return f"{self.name}: {self.type}" if self.name else str(self.type)
