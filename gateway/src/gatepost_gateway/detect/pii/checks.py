"""Check digits and structures that python-stdnum does not know, or reads otherwise than people write them."""

from datetime import date
from importlib import import_module
from typing import Any

from gatepost_gateway.detect.pii.near import digits
from gatepost_gateway.detect.pii.payment import luhn


def real_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def ca_sin(text: str) -> bool:
    """Luhn; no number begins with 0 or 8."""
    number = digits(text)
    return number[0] not in "08" and luhn(number)


def us_itin(text: str) -> bool:
    """9xx with a group of 50-65, 70-88, 90-92 or 94-99: https://www.irs.gov/individuals/itin-expiration-faqs"""
    group = int(digits(text)[3:5])
    return text.count("-") != 1 and (50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or group >= 94)


def us_npi(text: str) -> bool:
    """Luhn with 80840 in front: https://www.cms.gov/priorities/key-initiatives/burden-reduction/administrative-simplification/unique-identifiers"""
    return luhn("80840" + digits(text))


def uk_nino(text: str) -> bool:
    """https://www.gov.uk/hmrc-internal-manuals/national-insurance-manual/nim39110"""
    return text[:2].upper() not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")


def es_nif(text: str) -> bool:
    """The letter says the remainder by 23; leading zeros are often left out."""
    letter = "TRWAGMYFPDXBNJZSQVHLCKE"[int(digits(text)) % 23]
    return text[-1].upper() == letter


def de_document(text: str) -> bool:
    """ICAO 9303, weights 7, 3, 1 over eight characters; at least one digit, not digits alone."""
    text = text.upper()
    if text.isdecimal() or not any(character.isdecimal() for character in text[1:]):
        return False
    weighed = sum(int(character, 36) * (7, 3, 1)[place % 3] for place, character in enumerate(text[:8]))
    whole = len(text) == 9 and text[8].isdecimal() and weighed % 10 == int(text[8])
    weighed += int(text[8], 36) * 1
    return whole or (len(text) == 10 and weighed % 10 == int(text[9]))


def has_digits(text: str) -> bool:
    """Half of it, as in what is numbered."""
    return 2 * sum(character.isdecimal() for character in text) >= len(text)


def de_health_insurance(text: str) -> bool:
    """The letter counts as two digits; weights 1, 2 and sums of digits."""
    number = f"{ord(text[0].upper()) - 64:02d}{text[1:9]}"
    total = sum(sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(number))
    return total % 10 == int(text[9])


def de_social_security(text: str) -> bool:
    """Area, day of birth (or 50 more), letter, serial, check digit; weights 2 1 2 5 7 1 2 1 2 1 2 1."""
    text = text.upper()
    number = text[:8] + f"{ord(text[8]) - 64:02d}" + text[9:11]
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    total = sum(sum(divmod(int(digit) * weight, 10)) for digit, weight in zip(number, weights, strict=True))
    day, month = int(text[2:4]) % 50, int(text[4:6])
    return total % 10 == int(text[11]) and 1 <= day <= 31 and 1 <= month <= 12


def se_personnummer(text: str) -> bool:
    """Any day up to today's century, with or without it; a day of 61 to 91 is a coordination number."""
    number = digits(text)
    month, day = int(number[-8:-6]), int(number[-6:-4]) % 60
    return luhn(number[-10:]) and real_date(2000, month, day)


def kr_rrn(text: str) -> bool:
    """Born, then 1 to 8 for century, sex and nationality. Numbers given since October 2020 have no check digit."""
    number = digits(text)
    if number[6] not in "12345678":
        return False
    century = 1900 if number[6] in "1256" else 2000
    if not real_date(century + int(number[:2]), int(number[2:4]), int(number[4:6])):
        return False
    total = sum(
        int(digit) * weight for digit, weight in zip(number[:12], (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=True)
    )
    foreign = number[6] in "5678"
    return "-" in text or ((13 if foreign else 11) - total % 11) % 10 == int(number[12])


def sg_nric(text: str) -> bool:
    """S and T for citizens, F, G and M for others; weights 2 7 6 5 4 3 2."""
    text = text.upper()
    total = sum(int(digit) * weight for digit, weight in zip(text[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True))
    total += {"T": 4, "G": 4, "M": 3}.get(text[0], 0)
    if text[0] == "M":
        return "KLJNPQRTUWX"[10 - total % 11] == text[8]
    return ("JZIHGFEDCBA" if text[0] in "ST" else "XWUTRQPNMLK")[total % 11] == text[8]


def th_tnin(text: str) -> bool:
    """Its second and third digit are a province."""
    number = digits(text)
    pin: Any = import_module("stdnum.th.pin")
    return 10 <= int(number[1:3]) <= 96 and pin.is_valid(number)


def in_aadhaar(text: str) -> bool:
    aadhaar: Any = import_module("stdnum.in_.aadhaar")
    return aadhaar.is_valid(digits(text))


def fi_hetu(text: str) -> bool:
    """The remainder by 31; since 2023 there are more marks for a century: https://dvv.fi/en/reform-of-personal-identity-code"""
    text = text.upper()
    century = 1800 if text[6] == "+" else 2000 if text[6] in "ABCDEF" else 1900
    day, month, year = int(text[:2]), int(text[2:4]), int(text[4:6])
    remainder = int(text[:6] + text[7:10]) % 31
    return real_date(century + year, month, day) and "0123456789ABCDEFHJKLMNPRSTUVWXY"[remainder] == text[10]


def tw_id(text: str) -> bool:
    """The letter counts as two digits: https://en.wikipedia.org/wiki/National_identification_card_(Taiwan)"""
    first = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(text[0]) + 10
    number = [first // 10, first % 10, *map(int, text[1:])]
    return (
        sum(digit * weight for digit, weight in zip(number, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True)) % 10 == 0
    )


def hk_id(text: str) -> bool:
    """Weights 9 to 1, a missing first letter counts 36: https://en.wikipedia.org/wiki/Hong_Kong_identity_card"""
    body = text.replace("(", "").replace(")", "").rjust(9)
    total = sum((36 if mark == " " else int(mark, 36)) * (9 - place) for place, mark in enumerate(body[:8]))
    return (total + (10 if body[8] == "A" else int(body[8]))) % 11 == 0


def au_medicare(text: str) -> bool:
    """Weights 1 3 7 9 1 3 7 9 over eight digits."""
    number = digits(text)
    total = sum(int(digit) * weight for digit, weight in zip(number[:8], (1, 3, 7, 9, 1, 3, 7, 9), strict=True))
    return total % 10 == int(number[8])


def za_id(text: str) -> bool:
    """A date, a serial, 0 citizen, 1 resident or 2 refugee, and Luhn."""
    if text[10] not in "012" or not luhn(text):
        return False
    month, day, year = int(text[2:4]), int(text[4:6]), int(text[:2])
    return real_date(1900 + year, month, day) or real_date(2000 + year, month, day)
