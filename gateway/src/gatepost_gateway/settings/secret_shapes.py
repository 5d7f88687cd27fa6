"""Secrets in `gatepost.yaml`: by the place where they are kept, never themselves."""

from typing import Any

from pydantic import Field, model_validator

from gatepost_gateway.settings.fields import EnvName, Shape, wrong

_NO_LITERAL = "must name where the secret is kept, {env: NAME} or {file: path}: a secret is not written into a file"


class SecretShape(Shape):
    """A secret by the place where it is kept."""

    env: EnvName | None = None
    file: str | None = Field(default=None, min_length=1, max_length=4096)

    @model_validator(mode="before")
    @classmethod
    def _one_place(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise wrong(_NO_LITERAL)
        if len({"env", "file"} & set(value)) != 1:  # pyright: ignore[reportUnknownArgumentType]
            raise ValueError("must name one place: {env: NAME} or {file: path}")
        return value  # pyright: ignore[reportUnknownVariableType]
