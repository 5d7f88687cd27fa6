"""The process that compiles and evaluates policies for others, one question at a time.

`python -m gatepost_gateway.app.evaluator --fd N` answers evaluations on a socket until the other side goes. With
`--check` it reads policies from its standard input, checks each and writes what it found, for who stores them.
"""

import argparse
import os
import resource
import signal
import socket
import sys
import time
from types import FrameType

import msgspec

from gatepost_gateway.domain.rego import Checked, Evaluated, Evaluation, Mistake, PolicyFailed, Submitted
from gatepost_gateway.policy.rego.program import PolicyRefused, Program, compile_program

COMPILE_SECONDS = 2.0
_AGAIN_SECONDS = 0.1
MOST_MEMORY = 1 << 30
"""Bytes of address space: a policy that wants more ends by itself."""
NICE = 10


class TooLong(BaseException):
    """A policy took longer to compile than any may. Nothing below catches it."""


class Desk:
    """Keeps what it compiled, and answers."""

    def __init__(self) -> None:
        self._programs: dict[bytes, Program] = {}

    def answer(self, asked: Evaluation) -> Evaluated:
        try:
            program = self._programs.get(asked.key)
            if program is None:
                program = self._programs[asked.key] = compile_program(asked.source or "", asked.packages)
            if asked.document is None:
                return Evaluated()
            values = program.evaluate(msgspec.json.decode(asked.document), asked.seconds)
            return Evaluated(msgspec.json.encode(values))
        except PolicyRefused as error:
            return Evaluated(failure=f"the policy does not compile: {error}")
        except PolicyFailed as error:
            return Evaluated(failure=str(error))


def serve(sock: socket.socket) -> None:
    """Until the other side goes."""
    desk = Desk()
    with sock.makefile("rwb") as pipe:
        pipe.write(b"\x00\x00\x00\x00")
        pipe.flush()
        while len(head := pipe.read(4)) == 4:
            asked = msgspec.msgpack.decode(pipe.read(int.from_bytes(head, "big")), type=Evaluation)
            body = msgspec.msgpack.encode(desk.answer(asked))
            pipe.write(len(body).to_bytes(4, "big") + body)
            pipe.flush()


def check(submitted: Submitted) -> Checked:
    """Compiles one policy within the time that any has."""

    def give_up(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a signal's handler
        raise TooLong

    signal.signal(signal.SIGALRM, give_up)
    began = time.thread_time()
    # Again and again: an exception that comes while the collector runs its callbacks is lost.
    signal.setitimer(signal.ITIMER_REAL, COMPILE_SECONDS, _AGAIN_SECONDS)
    try:
        program = compile_program(submitted.source, submitted.packages)
    except PolicyRefused as error:
        return Checked(mistakes=error.mistakes)
    except TooLong:
        words = f"the policy takes longer than {COMPILE_SECONDS:g} s to compile"
        return Checked(mistakes=(Mistake("too_slow", words),))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return Checked(program.packages, tuple(sorted(program.reads)), time.thread_time() - began)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int)
    parser.add_argument("--check", action="store_true")
    said = parser.parse_args()
    # Calls go first; who stops the gateway stops this process by closing its socket.
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if said.check:
        policies = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=list[Submitted])
        sys.stdout.buffer.write(msgspec.msgpack.encode([check(one) for one in policies]))
    else:
        serve(socket.socket(fileno=said.fd))


if __name__ == "__main__":
    main()
