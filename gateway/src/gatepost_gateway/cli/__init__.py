"""The command `gatepost`: one file a command, loaded when it is asked for.

A command's module has `add_arguments(parser)` and `run(said) -> exit code`. Exit codes: 0 fine, 1 an error, 2 a warning
or wrong usage.
"""

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import MappingProxyType

from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.version import VERSION

COMMANDS = MappingProxyType(
    {
        "init": "write a commented gatepost.yaml",
        "serve": "start the gateway",
        "apply": "make gatepost.yaml the configuration",
        "keys": "list, make, pause, resume, revoke and rotate keys",
        "models": "list, show, add and remove models",
        "policy": "check policies, run their cases",
        "versions": "list, show, compare and roll back configurations",
        "traces": "list traces, or show one",
        "budget": "explain what may be spent, is spent and is held",
        "escalations": "list, claim, approve, deny and resolve what waits for a person",
        "webhooks": "list, make, test, disable and delete webhooks, and show what was told to them",
        "explain": "tell the story of a call: who, what, why and what it cost",
        "licence": "sign leave for a project's tests to work offline",
        "db": "bring the databases to this version's form",
        "backup": "copy the data directory while it is in use",
        "doctor": "look for what is wrong",
    }
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of the command that `arguments` ask for; of the one that this process is, where none are given."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    name = next((word for word in words if not word.startswith("-")), None)
    if arguments is None:
        # What such a process loads it keeps: the collector need not look through it, neither now nor at the end.
        gc.disable()
        parser = _parser(name)
        gc.freeze()
        gc.enable()
    else:
        parser = _parser(name)
    try:
        said = parser.parse_args(words)
    except SystemExit as stop:
        return 2 if stop.code else 0
    if said.command is None:
        parser.print_help(sys.stderr)
        return 2
    return _run(said)


def _parser(name: str | None) -> argparse.ArgumentParser:
    """Knows all commands by name, and the asked one in full."""
    parser = argparse.ArgumentParser(prog="gatepost", description="A self-hosted AI governance gateway.")
    parser.add_argument("--version", action="version", version=f"gatepost {VERSION}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    for command, summary in COMMANDS.items():
        sub = commands.add_parser(command, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if command == name:
            import_module(f"gatepost_gateway.cli.{command}").add_arguments(sub)
    return parser


def _run(said: argparse.Namespace) -> int:
    from gatepost_gateway.cli.output import RefusalError, complain, refuse  # noqa: PLC0415 - every command loads it

    as_json = bool(getattr(said, "json", False))
    try:
        return int(import_module(f"gatepost_gateway.cli.{said.command}").run(said))
    except GatewayError as error:
        return complain(error, as_json=as_json)
    except RefusalError as error:
        return refuse(error.page, as_json=as_json)
    except BrokenPipeError:
        # Whoever read has heard enough; Python must not complain when it closes the pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 1
    except OSError as error:
        where = f"`{error.filename}`: " if error.filename else ""
        sys.stderr.write(f"gatepost: {where}{(error.strerror or str(error)).lower()}\n")
        return 1
