"""Payment cards and bank accounts."""

from gatepost_gateway.detect.patterns import Found, Pattern
from gatepost_gateway.detect.pii.near import MARGIN, Near, alone, digits, joins

_SPEAKS_OF_CARDS = Near(
    (
        r"(?:credit|debit|payment|bank|gift)?[ -]?cards?\b",
        r"(?:visa|master ?card|maestro|amex|american express|diners|discover|jcb|unionpay)\b",
        r"(?:cc|pan|cvv|cvc|expir(?:y|es|ation))\b",
        r"(?:pay(?:ment|ing)?|paid|charged?|billing|purchase)\b",
        r"(?:tarjeta|carte|karte|kreditkarte|carta|cart[aã]o|kort|kaart|kortti|karta|карт|kart\b|信用卡|カード|카드|بطاقة|कार्ड|บัตร)",
    )
)

# First digits and lengths of the networks: https://en.wikipedia.org/wiki/Payment_card_number
_NETWORKS: tuple[tuple[range, int, tuple[int, ...]], ...] = (
    (range(4, 5), 1, (13, 16, 19)),  # Visa
    (range(51, 56), 2, (16,)),  # Mastercard
    (range(2221, 2721), 4, (16,)),
    (range(34, 35), 2, (15,)),  # American Express
    (range(37, 38), 2, (15,)),
    (range(300, 306), 3, (14, 16)),  # Diners Club
    (range(3095, 3096), 4, (14, 16)),
    (range(36, 37), 2, (14, 16)),
    (range(38, 40), 2, (14, 16)),
    (range(6011, 6012), 4, (16, 19)),  # Discover
    (range(644, 660), 3, (16, 19)),
    (range(62, 63), 2, (16, 17, 18, 19)),  # UnionPay
    (range(3528, 3590), 4, (16, 19)),  # JCB
    (range(1800, 1801), 4, (15,)),
    (range(2131, 2132), 4, (15,)),
    (range(50, 51), 2, (13, 14, 15, 16, 19)),  # Maestro
    (range(56, 59), 2, (13, 14, 15, 16, 19)),
    (range(63, 64), 2, (13, 14, 15, 16, 19)),
    (range(67, 68), 2, (13, 14, 15, 16, 19)),
    (range(2200, 2205), 4, (16, 19)),  # Mir
)


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_card(found: Found) -> float:
    number = digits(found.text)
    if not 12 <= len(number) <= 19 or len(set(number)) < 2 or not luhn(number) or not _grouped(found.text):
        return 0.0
    before, after = found.before[-2:], found.after[:2]
    if joins(before[-1:]) or joins(after[:1]) or (before[-1:] in (".", ",") and before[:1].isdecimal()):
        return 0.0
    known = any(int(number[:count]) in first and len(number) in lengths for first, count, lengths in _NETWORKS)
    if known:
        return 1.0
    return 0.8 if _SPEAKS_OF_CARDS(found) or (len(number) == 12 and number[0] in "56" and alone(found)) else 0.0


def _grouped(text: str) -> bool:
    """One separator throughout, or none; groups as on cards."""
    separators = {character for character in text if not character.isdecimal()}
    if len(separators) > 1:
        return False
    groups = [len(group) for group in text.replace("-", " ").split(" ")]
    return len(groups) == 1 or (min(groups[:-1]) >= 4 and max(groups) <= 7)


CARD = Pattern(
    "CARD",
    r"\b\d{4}(?:[ -]?\d){8,15}\b",
    hint=r"\d{4}[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}",
    check=_is_card,
    margin=MARGIN,
    plain=True,
)


# Lengths by country: the IBAN registry, https://www.swift.com/standards/data-standards/iban-international-bank-account-number
_IBAN_LENGTHS = {
    length: countries.split()
    for length, countries in (
        (15, "NO"),
        (16, "BE"),
        (18, "DK FI FK FO GL NL SD"),
        (19, "MK SI"),
        (20, "AT BA EE KZ LT LU MN XK"),
        (21, "CH HR LI LV"),
        (22, "BG BH CR DE GB GE IE ME RS VA"),
        (23, "AE GI IL IQ OM SO TL"),
        (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
        (25, "LY PT ST"),
        (26, "IS TR"),
        (27, "BI DJ FR GR IT MC MR SM"),
        (28, "AL AZ BY CY DO GT HU LB NI PL SV"),
        (29, "BR EG PS QA UA"),
        (30, "JO KW MU YE"),
        (31, "MT SC"),
        (32, "LC"),
        (33, "RU"),
    )
}
_IBAN_LENGTH = {country: length for length, countries in _IBAN_LENGTHS.items() for country in countries}


def _iban_end(text: str) -> int:
    """Where an IBAN of its country ends: what follows may be a word like any other."""
    left = _IBAN_LENGTH.get(text[:2].upper(), 0)
    for at, character in enumerate(text):
        left -= character.isalnum()
        if left <= 0:
            return at + 1 if left == 0 else 0
    return 0


def _is_iban(found: Found) -> float:
    from stdnum import iban  # noqa: PLC0415 -- a library is loaded by the first candidate

    if joins(found.before[-1:]) or joins(found.after[:1]):
        return 0.0
    return 1.0 if iban.is_valid(found.text, check_country=False) else 0.0


IBAN = Pattern(
    "IBAN",
    r"(?i)\b[a-z]{2}\d{2}(?:[ -]?[a-z0-9]){11,29}",
    hint=r"(?i)\b[a-z]{2}\d{2}[ -]?[a-z0-9]{4}[ -]?[a-z0-9]{4}",
    check=_is_iban,
    measure=_iban_end,
    margin=1,
)
PATTERNS = (CARD, IBAN)
