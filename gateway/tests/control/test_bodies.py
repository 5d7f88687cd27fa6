from gatepost_gateway.control.bodies import with_bodies
from gatepost_gateway.control.story import step
from gatepost_gateway.domain.records import Closed, Stored

VIEW = step(Closed(step_id="s", trace_id="t", at=1, surface="openai"))


def test_what_is_kept_is_shown_and_what_is_not_says_why() -> None:
    shown = with_bodies(VIEW, Stored("s", "t", 1, "openai_chat", b'{"a":1}', no_answer="there was no answer"))
    assert (shown.request, shown.answer, shown.body_notes) == ({"a": 1}, None, ["answer: there was no answer"])


def test_a_step_of_which_nothing_is_kept_is_as_it_is() -> None:
    assert with_bodies(VIEW, None) is VIEW
