"""No version holds a rule that the data plane could not make."""

import pytest

from gatepost_gateway.control.rule_check import check_chain
from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.settings import ConfigurationError
from gatepost_gateway.settings.declared import Document, Layer

GOOD = RuleSpec(name="good", kind="keyword", settings={"terms": ["a"]})
BAD = RuleSpec(name="bad", kind="keyword", settings={"terms": ["a", ""]})


def test_a_chain_is_made_before_it_is_kept() -> None:
    check_chain(Document(file=Layer(rules=(GOOD,))))
    with pytest.raises(ConfigurationError) as caught:
        check_chain(Document(file=Layer(rules=(GOOD,)), api=Layer(rules=(BAD,))))
    assert str(caught.value) == "policies.bad.terms[1]: a term is empty: it would be found everywhere"
