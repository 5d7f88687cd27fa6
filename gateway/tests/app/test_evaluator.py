import socket
import subprocess
import sys
import threading

import msgspec

from gatepost_gateway.app.evaluator import Desk, check, serve
from gatepost_gateway.domain.rego import Checked, Evaluated, Evaluation, Submitted

QUICK = 'package gatepost.policy\ndeny contains "x" if input.n == 1\n'


def test_a_policy_is_compiled_once_and_known_from_then_on():
    desk = Desk()
    first = Evaluation(b"k", ("gatepost.policy",), QUICK, None, 0.1)
    assert desk.answer(first) == Evaluated()
    again = Evaluation(b"k", ("gatepost.policy",), None, b'{"n":1}', 0.1)
    assert desk.answer(again) == Evaluated(b'{"gatepost/policy/deny":["x"]}')


def test_failures_are_answers():
    desk = Desk()
    broken = desk.answer(Evaluation(b"k", (), "package a b", b"{}", 0.1))
    assert broken.failure is not None
    assert "does not compile" in broken.failure
    endless = (
        QUICK
        + 'deny contains "y" if {\n some i in numbers.range(1, 9999)\n some j in numbers.range(1, 9999)\n j < 0\n}\n'
    )
    late = desk.answer(Evaluation(b"e", (), endless, b"{}", 0.01))
    assert late.failure is not None
    assert "deadline" in late.failure


def test_questions_come_and_answers_go_until_the_other_side_leaves():
    ours, theirs = socket.socketpair()
    serving = threading.Thread(target=serve, args=(theirs,))
    serving.start()
    with ours, ours.makefile("rwb") as pipe:
        assert pipe.read(4) == bytes(4)
        body = msgspec.msgpack.encode(Evaluation(b"k", (), QUICK, b'{"n":1}', 0.1))
        pipe.write(len(body).to_bytes(4, "big") + body)
        pipe.flush()
        answer = msgspec.msgpack.decode(pipe.read(int.from_bytes(pipe.read(4), "big")), type=Evaluated)
        assert answer.values == b'{"gatepost/policy/deny":["x"]}'
    serving.join(5)
    theirs.close()
    assert not serving.is_alive()


def test_a_check_tells_what_is_read_or_what_is_wrong():
    found = check(Submitted(QUICK))
    assert (found.packages, found.reads, found.mistakes) == (("gatepost.policy",), (("n",),), ())
    (mistake,) = check(Submitted("package gatepost.policy\ndeny := nowhere\n")).mistakes
    assert (mistake.line, mistake.column) == (2, 9)


def test_a_policy_that_takes_long_to_compile_is_refused():
    rules = "".join(f'deny contains "{n}" if {{ input.a[_] == {n}; input.b[_] == {n} }}\n' for n in range(2000))
    hurried = "from gatepost_gateway.app import evaluator; evaluator.COMPILE_SECONDS = 0.2; evaluator.main()"
    ran = subprocess.run(
        [sys.executable, "-c", hurried, "--check"],
        input=msgspec.msgpack.encode([Submitted("package gatepost.policy\n" + rules), Submitted(QUICK)]),
        capture_output=True, check=True, timeout=30,
    )  # fmt: skip
    first, second = msgspec.msgpack.decode(ran.stdout, type=list[Checked])
    assert first.mistakes[0].code == "too_slow"
    assert not second.mistakes


def test_checks_as_a_command():
    asked = msgspec.msgpack.encode([Submitted(QUICK), Submitted("package x")])
    ran = subprocess.run(
        [sys.executable, "-m", "gatepost_gateway.app.evaluator", "--check"],
        input=asked, capture_output=True, check=True, timeout=30,
    )  # fmt: skip
    first, second = msgspec.msgpack.decode(ran.stdout, type=list[Checked])
    assert first.packages == ("gatepost.policy",)
    assert second.mistakes[0].code == "no_decision"
