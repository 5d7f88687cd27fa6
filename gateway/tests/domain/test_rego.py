from gatepost_gateway.domain.rego import Mistake


def test_a_mistake_shows_its_line_with_a_caret():
    mistake = Mistake("rego_unsafe_var_error", "var x is unsafe", 3, 6, "\tx := y")
    assert mistake.pretty() == "var x is unsafe\n x := y\n     ^"


def test_a_mistake_about_no_line_is_its_message():
    assert Mistake("no_decision", "says nothing").pretty() == "says nothing"
