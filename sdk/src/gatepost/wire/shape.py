"""What all models of the contract share: strict questions, tolerant answers, exact money."""

from decimal import Decimal
from typing import Annotated, Any, Optional

from pydantic import BaseModel, ConfigDict, PlainSerializer


def _plain(amount: Decimal) -> str:
    # str(Decimal) falls into exponents below 1e-6, which is where the price of one token lives.
    return format(amount, "f")


Money = Annotated[Decimal, PlainSerializer(_plain, return_type=str, when_used="json")]
"""Dollars, exact. In JSON a decimal string ("0.000123"); a JSON number is read as well."""

JsonObject = dict[str, Any]


class Ask(BaseModel):
    """Something a client sends. An unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, protected_namespaces=())


class Answer(BaseModel):
    """Something the gateway says. Unknown fields are kept; `answer.id` and `answer["id"]` are the same."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True, protected_namespaces=())

    def __getitem__(self, name: str) -> Any:
        found = self._find(name)
        if found is None:
            raise KeyError(name)
        return getattr(self, found)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a field by its name on the wire, or `default` where there is none."""
        found = self._find(name)
        return default if found is None else getattr(self, found)

    def _find(self, name: str) -> Optional[str]:
        """The attribute that holds the field called `name` on the wire."""
        fields = type(self).model_fields
        if name in fields or name in (self.model_extra or ()):
            return name
        return next((attribute for attribute, field in fields.items() if field.alias == name), None)
