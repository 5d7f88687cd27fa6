"""The shape of what limits say of themselves."""

from pydantic import Field

from gatepost_gateway.settings.fields import Id, LimitId, LimitScope, Seconds, Shape, Subject


class ReachShape(Shape):
    """Whom a limit is for. Without `match`: every subject of the scope apart."""

    id: LimitId
    scope: LimitScope
    match: Subject | None = None
    project: Id | None = None


class LoopsShape(Shape):
    enabled: bool | None = None
    repeats: int | None = Field(default=None, ge=2, le=1000)
    seconds: Seconds | None = None
    except_keys: list[Id] = Field(default=[])
