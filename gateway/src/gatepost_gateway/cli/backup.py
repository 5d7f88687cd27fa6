"""`gatepost backup DEST`: a copy of the data directory, made while it is in use, and looked at from end to end."""

import argparse
from pathlib import Path

import msgspec

from gatepost_gateway.cli import asking
from gatepost_gateway.cli.output import note, say, say_json
from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.storage import config as config_file
from gatepost_gateway.storage import vault as vault_file
from gatepost_gateway.storage.backup import JOURNAL, back_up, check


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dest", type=Path, help="a new or empty directory")
    asking.add_local_arguments(parser)


def run(said: argparse.Namespace) -> int:
    """1 when the copy is not whole."""
    server = asking.settings_of(said).server
    data_dir = server.data_dir
    if server.store_url is not None:
        raise GatewayFault(
            "configuration and records of this gateway are in PostgreSQL (`server.store_url`): back them up with"
            f" `pg_dump --schema=gatepost`, and apart from it keep `{data_dir / JOURNAL}`, which holds what is not"
            " folded yet, and the master key"
        )
    if not (data_dir / config_file.FILE).exists():
        raise GatewayFault(f"there is no gateway's data in `{data_dir}`: name it with --data-dir")
    done = back_up(data_dir, said.dest)
    problems = check(said.dest).problems
    if said.json:
        say_json({"dest": str(said.dest), **msgspec.structs.asdict(done), "problems": problems})
    else:
        say([f"copied {done.segments} segments and {', '.join(done.databases)} to {said.dest}: {done.bytes} bytes"])
        for problem in problems:
            note(f"problem: {problem}")
        note(f"the master key ({data_dir / vault_file.FILE}) is no part of it: keep it elsewhere")
    return 1 if problems else 0
