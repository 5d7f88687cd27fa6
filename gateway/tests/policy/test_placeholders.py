"""Placeholders that can be undone."""

from gatepost_gateway.policy.placeholders import Placeholders


def test_each_value_has_its_number_and_the_same_value_the_same() -> None:
    made = Placeholders()
    assert made.stand_in("EMAIL", "a@x.com") == "[EMAIL_1]"
    assert made.stand_in("EMAIL", "b@x.com") == "[EMAIL_2]"
    assert made.stand_in("PHONE", "1") == "[PHONE_1]"
    assert made.stand_in("EMAIL", "a@x.com") == "[EMAIL_1]"
    assert made.values == {"[EMAIL_1]": "a@x.com", "[EMAIL_2]": "b@x.com", "[PHONE_1]": "1"}
    assert made.longest == len("[EMAIL_1]")


def test_what_the_caller_wrote_itself_is_never_given_out() -> None:
    made = Placeholders(["see [EMAIL_1] there"])
    made.avoid(["[EMAIL_3]"])
    assert made.stand_in("EMAIL", "a@x.com") == "[EMAIL_2]"
    assert made.stand_in("EMAIL", "b@x.com") == "[EMAIL_4]"


def test_a_kind_that_is_no_name_for_a_placeholder_is_a_text() -> None:
    assert Placeholders().stand_in("my kind", "a") == "[TEXT_1]"


def test_a_conversation_goes_on_with_what_was_given_out() -> None:
    made = Placeholders(known={"[UK_NHS_1]": "943 476 5919", "[EMAIL_2]": "b@x.com"})
    assert made.stand_in("UK_NHS", "943 476 5919") == "[UK_NHS_1]"
    assert made.stand_in("UK_NHS", "another") == "[UK_NHS_2]"
    assert made.stand_in("EMAIL", "a@x.com") == "[EMAIL_1]"
    assert made.stand_in("EMAIL", "b@x.com") == "[EMAIL_2]"
    assert made.stand_in("EMAIL", "c@x.com") == "[EMAIL_3]"
