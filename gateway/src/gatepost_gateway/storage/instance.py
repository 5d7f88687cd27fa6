"""The name of a gateway among those that share a database: made once, kept in its data directory, part of a backup."""

import os
from pathlib import Path

from gatepost_gateway.domain import ids
from gatepost_gateway.storage.faults import Unreadable, unreadable

FILE = "instance"


def instance_of(data_dir: Path) -> str:
    """The name, which is made when there is none. Raises Unreadable, with the file, for one that is no name."""
    path = data_dir / FILE
    try:
        if not path.exists():
            fresh = path.with_suffix(".new")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(ids.new() + "\n")
            fresh.replace(path)
        name = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError):
            raise unreadable(error, path) from error
        name = ""
    if not ids.is_uuid(name):
        raise Unreadable("is not the name of a gateway", path, hint="restore it from a backup")
    return name
