"""`gatepost serve`: starts the gateway and stays until it is told to stop."""

import argparse
import sys
from pathlib import Path

from gatepost_gateway.app.logs import to_stderr
from gatepost_gateway.app.serve import StartFailed, serve
from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.settings import ConfigurationError, load

HELP = "start the gateway"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="the file; GATEPOST_CONFIG or ./gatepost.yaml when not given")
    parser.add_argument("--workers", type=int, default=1, help="processes that serve calls")


def run(said: argparse.Namespace) -> int:
    """0 after a drained stop, 1 when the start failed, 2 for what cannot be asked."""
    if said.workers != 1:
        sys.stderr.write(
            "gatepost: more than one worker needs PostgreSQL, and then each is a `gatepost serve` of its own, with a"
            " data directory and an address of its own and the same `server.store_url` and `server.state_url`: see"
            " docs/scaling.md\n"
        )
        return 2
    to_stderr()
    command = ["-m", "gatepost_gateway.app.control", *(["--config", str(said.config)] if said.config else [])]
    try:
        serve(load(said.config), command)
    except (StartFailed, ConfigurationError, GatewayError) as error:
        sys.stderr.write(f"gatepost: {error}\n")
        return 1
    return 0
