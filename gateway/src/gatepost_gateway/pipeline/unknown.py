"""A name that no model has: the refusal that helps to find the right one."""

import difflib

from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.snapshot import ProjectEntry, Snapshot


def unknown_model(snapshot: Snapshot, project: ProjectEntry, name: str) -> CallerError:
    """404, with the nearest names that this project may call."""
    visible = snapshot.visible(project.id)
    names = {entry.id for entry in visible} | {entry.identifier for entry in visible}
    near = difflib.get_close_matches(name, sorted(names), n=3, cutoff=0.5)
    hint = (
        "did you mean " + ", ".join(f"`{one}`" for one in near) + "?" if near else "GET /v1/models lists what is here"
    )
    return CallerError(
        f"model `{name[:200]}` is not known here: {hint}", code=Code.MODEL_NOT_FOUND, status=404, hint=hint
    )
