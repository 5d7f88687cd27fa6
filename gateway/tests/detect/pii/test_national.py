"""National identification numbers, each made up to its rule."""

import pytest

from gatepost_gateway.detect.expressions import Expression
from gatepost_gateway.detect.pii import KINDS, PATTERNS, pii
from gatepost_gateway.detect.pii.national import PATTERNS as NATIONAL
from gatepost_gateway.detect.widths import width_of

from ..cutting import placed


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("078-05-1121", "SSN", "078-05-1121"),
        ("ssn 078051121", "SSN", "078051121"),
        ("NINO AB 12 34 56 C", "UK_NINO", "AB 12 34 56 C"),
        ("nhs 943 476 5919", "UK_NHS", "943 476 5919"),
        ("12345678Z", "ES_NIF", "12345678Z"),
        ("RSSMRA80A01H501U", "IT_FISCAL_CODE", "RSSMRA80A01H501U"),
        ("131052-308T", "FI_HETU", "131052-308T"),
        ("pesel 44051401359", "PL_PESEL", "44051401359"),
        ("CPF 390.533.447-05", "BR_CPF", "390.533.447-05"),
        ("aadhaar 234123412346", "IN_AADHAAR", "234123412346"),
        ("身份证号11010519491231002X。", "CN_RIC", "11010519491231002X"),
        ("S1234567D", "SG_NRIC", "S1234567D"),
        ("756.9217.0769.85", "CH_AHV", "756.9217.0769.85"),
        ("kimlik 10000000146", "TR_NATIONAL_ID", "10000000146"),
        ("12.345.678-5", "CL_RUT", "12.345.678-5"),
        ("A123456(3)", "HK_ID", "A123456(3)"),
    ],
)
def test_a_number_of_its_country_is_found(text, kind, value):
    assert (kind, value) in placed(pii(frozenset({kind})), text)


def test_a_check_digit_alone_is_not_enough_in_running_text():
    only = pii(frozenset({"PL_PESEL"}))
    assert placed(only, "it sold 44051401359 times last year") == []
    assert placed(only, "44051401359") == [("PL_PESEL", "44051401359")]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Personalausweis Nr. T22000129, gültig", "DE_ID_CARD", "T22000129"),
        ("my voter card says KSD1287349", "IN_VOTER", "KSD1287349"),
    ],
)
def test_what_has_no_check_digit_must_be_spoken_of_by_name(text, kind, value):
    assert (kind, value) in placed(pii(frozenset({kind})), text)
    assert placed(pii(frozenset({kind})), value) == []
    assert placed(pii(frozenset({kind})), f"my id is {value}") == []


def test_a_number_inside_a_longer_one_is_not_found():
    assert placed(pii(frozenset({"SSN", "SIN"})), "1-078-05-1121 x078-05-1121 078-05-1121-9") == []


def test_at_least_ten_countries_are_known():
    assert len({kind.split("_")[0] for kind in KINDS if "_" in kind}) > 30
    assert len(NATIONAL) > 50


def test_every_pattern_compiles_and_is_bounded():
    for pattern in PATTERNS:
        Expression(pattern.source)
        assert width_of(pattern.source).most is not None


def test_the_longest_of_what_begins_together_stands():
    assert placed(pii(), "4111 1111 1111 1111")[0] == ("CARD", "4111 1111 1111 1111")


def test_groups_in_a_longer_row_are_no_number():
    assert ("SIN", "130 692 544") in placed(pii(), "SIN 130 692 544")
    assert placed(pii(), "7 7 130 692 544 and so on") == []
