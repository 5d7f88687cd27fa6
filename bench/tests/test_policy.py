"""The benchmark of policy measures what it says it does."""

from bench import policy
from bench.policy import CHAIN, asked_of, facts_of, micros
from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.chains import Chains


def test_nothing_is_found_in_the_plain_prompt_and_an_address_in_the_other() -> None:
    engine = Chains(CHAIN, b"k").engine("p", None, Operation.CHAT)
    assert engine.judge(facts_of(asked_of((policy.SENTENCE * 45)[:4096]))).effect is Effect.ALLOW
    assert engine.judge(facts_of(asked_of("write to bob@example.org"))).effect is Effect.REDACT


def test_every_part_has_a_figure() -> None:
    calls: list[int] = []
    assert micros(lambda: calls.append(1)) >= 0
    assert len(calls) == policy.ROUNDS // policy.REPEATS * policy.REPEATS
