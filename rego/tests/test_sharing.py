"""One policy among many threads and tasks: every answer belongs to its own input."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Final

from gatepost_rego import EvaluationError, Policy, compile

_TEXT: Final = """
package shared

double(x) := x * 2

members contains name if some name in input.names

sum_of_members := sum([count(name) | some name in members])

deny contains msg if {
	input.n > 10
	msg := sprintf("%d is too many for %s", [input.n, input.user])
}

same_uuid := uuid.rfc4122("a") == uuid.rfc4122("a")

same_number := rand.intn("x", 1000) == rand.intn("x", 1000)

conflict := v if some v in input.names

other := value if value := double(input.m) with input.m as input.n + 1

answer := {
	"n": double(input.n),
	"members": members,
	"sum": sum_of_members,
	"deny": deny,
	"same": [same_uuid, same_number],
	"other": other,
}
"""


def _input(number: int) -> dict[str, Any]:
    return {"n": number, "user": f"user {number}", "names": [f"{number}", "x" * (number % 7)]}


def _answer(number: int) -> dict[str, Any]:
    names = {f"{number}", "x" * (number % 7)}
    text = f"{number} is too many for user {number}"
    return {
        "n": number * 2,
        "members": sorted(names),
        "sum": sum(map(len, names)),
        "deny": [text] if number > 10 else [],
        "same": [True, True],
        "other": (number + 1) * 2,
    }


def _policy() -> Policy:
    return compile(_TEXT, entrypoints=["shared/answer"])


def test_eight_threads_share_a_policy() -> None:
    policy = _policy()
    wrong: list[object] = []
    begin = threading.Barrier(8)

    def work(thread: int) -> None:
        begin.wait()
        for number in range(thread, 2_000, 8):
            found = policy.evaluate(_input(number), deadline=10).value
            if found != _answer(number):
                wrong.append((number, found))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_thousand_tasks_share_a_policy() -> None:
    policy = _policy()

    async def ask(number: int) -> object:
        await asyncio.sleep(number % 3 / 1000)
        inline = policy.evaluate(_input(number)).value
        threaded = await asyncio.to_thread(policy.evaluate, _input(number + 1))
        return inline == _answer(number) and threaded.value == _answer(number + 1)

    async def everything() -> list[object]:
        return list(await asyncio.gather(*[ask(number) for number in range(1_000)]))

    assert set(asyncio.run(everything())) == {True}


def test_an_error_of_one_evaluation_leaves_the_others_alone() -> None:
    policy = compile(_TEXT, entrypoints=["shared/conflict"])
    failed = 0
    for number in range(200):
        try:
            value = policy.evaluate({"names": ["a", "b"] if number % 2 else ["a"]}).value
        except EvaluationError as error:
            assert error.diagnostic.code == "eval_conflict_error"
            failed += 1
        else:
            assert value == "a"
    assert failed == 100


def test_an_input_is_not_changed() -> None:
    document = _input(12)
    before = repr(document)
    compile(
        "package a\n\np := json.patch(input, [{\"op\": \"add\", \"path\": \"/z\", \"value\": 1}])\n"
        "\nq := object.union(input, {\"n\": 3})\n",
        entrypoints=["a/p", "a/q"],
    ).evaluate(document)
    assert repr(document) == before
