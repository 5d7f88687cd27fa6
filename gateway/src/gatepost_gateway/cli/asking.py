"""What the commands that ask the control plane have in common."""

import argparse
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gatepost_gateway.cli.output import RefusalError, note
from gatepost_gateway.control.reach import Query, Reach, reach
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.settings import Settings, load


class Asking:
    """One command's conversation with the control plane."""

    def __init__(self, way: Reach) -> None:
        self._way = way

    def get(self, path: str, query: Query = ()) -> Any:
        return self.ask("GET", path, query=query)

    def ask(self, method: str, path: str, body: Any = None, query: Query = ()) -> Any:
        """The answer. Raises RefusalError when it is one."""
        status, page = self._way.call(method, path, body, query)
        if status >= 400:
            raise RefusalError(page if page is not None else {"error": f"the gateway answered {status}"})
        return page


def add_local_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the data is, and how to answer."""
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.add_argument("--config", type=Path, metavar="FILE", help="the file; GATEPOST_CONFIG or ./gatepost.yaml")
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="the data directory; GATEPOST_DATA_DIR")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the gateway is, here or elsewhere."""
    add_local_arguments(parser)
    parser.add_argument("--url", help="a gateway elsewhere; GATEPOST_BASE_URL")
    parser.add_argument("--key", help="an admin key for it; better in GATEPOST_ADMIN_KEY")


def settings_of(said: argparse.Namespace) -> Settings:
    """What the file, the environment and the command line say."""
    return load(said.config, data_dir=said.data_dir)


@contextmanager
def asking(said: argparse.Namespace, *, create: bool = False) -> Generator[Asking]:
    """The control plane, for the time of one command."""
    settings = settings_of(said)
    environment = settings.environment
    url = said.url or (environment.base_url if said.data_dir is None else None)
    way = reach(settings, url, Secret(said.key) if said.key else environment.admin_key, create=create)
    try:
        for line in way.notices:
            note(line)
        yield Asking(way)
    finally:
        way.close()
