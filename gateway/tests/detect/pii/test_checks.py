"""Check digits, one right and one wrong of each."""

import pytest

from gatepost_gateway.detect.pii import checks


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (checks.ca_sin, "130 692 544", "130 692 545"),
        (checks.us_itin, "912-70-1234", "912-40-1234"),
        (checks.us_npi, "1234567893", "1234567894"),
        (checks.uk_nino, "AB123456C", "GB123456C"),
        (checks.es_nif, "12345678Z", "12345678A"),
        (checks.de_document, "C01X00T41", "C01X00T42"),
        (checks.de_document, "T220001293", "T220001290"),
        (checks.de_health_insurance, "A123456780", "A123456781"),
        (checks.de_social_security, "15070649C103", "15070649C104"),
        (checks.se_personnummer, "811228-9874", "811228-9873"),
        (checks.kr_rrn, "9601211021413", "9601211021414"),
        (checks.sg_nric, "S1234567D", "S1234567A"),
        (checks.sg_nric, "F1234567N", "F1234567D"),
        (checks.th_tnin, "1234567890121", "1984567890124"),
        (checks.in_aadhaar, "2341-2341:2346", "2341-2341:2347"),
        (checks.fi_hetu, "131052-308T", "131052-308U"),
        (checks.fi_hetu, "010594Y9032", "310294Y9032"),
        (checks.tw_id, "A123456789", "A123456788"),
        (checks.hk_id, "A123456(3)", "A123456(4)"),
        (checks.au_medicare, "2123 45670 1", "2123 45671 1"),
        (checks.za_id, "8001015009087", "8001015009088"),
    ],
)
def test_a_check(check, right, wrong):
    assert check(right)
    assert not check(wrong)


def test_a_day_must_exist():
    assert checks.real_date(2024, 2, 29)
    assert not checks.real_date(2023, 2, 29)
