"""`gatepost db upgrade`: runs the migrations that wait until no older process is left."""

import argparse

from gatepost_gateway.cli import asking
from gatepost_gateway.cli.output import say, say_json
from gatepost_gateway.control.reach import LOCK
from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.storage.config import ConfigStore
from gatepost_gateway.storage.home import config_home, records_home
from gatepost_gateway.storage.lock import acquire
from gatepost_gateway.storage.records import Records


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    asking.add_local_arguments(actions.add_parser("upgrade", help="bring both databases to this version's form"))


def run(said: argparse.Namespace) -> int:
    """1 while a gateway runs on the data: its lock is needed."""
    server = asking.settings_of(said).server
    data_dir = server.data_dir
    if not data_dir.is_dir():
        raise GatewayFault(f"there is no data directory `{data_dir}`: name one with --data-dir")
    with acquire(data_dir / LOCK):
        store = ConfigStore(config_home(data_dir, server.store_url))
        try:
            done = {store.path.name: [*store.migrated, *store.upgrade()]}
        finally:
            store.close()
        with Records(records_home(data_dir, server.store_url)) as records:
            # In PostgreSQL they are one: what the first look did is done.
            done.setdefault(records.path.name, []).extend([*records.migrated, *records.upgrade()])
    if said.json:
        say_json(done)
    else:
        say(f"{name}: {', '.join(ran) if ran else 'nothing to do'}" for name, ran in done.items())
    return 0
