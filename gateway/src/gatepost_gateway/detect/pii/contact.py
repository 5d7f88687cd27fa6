"""E-mail addresses, phone numbers, IP addresses."""

from ipaddress import AddressValueError, IPv4Address, IPv6Address

from gatepost_gateway.detect.patterns import Found, Pattern
from gatepost_gateway.detect.pii.near import MARGIN, Near, alone, digits, joins

# Scripts that put spaces between words: elsewhere an address could not be told from the text before it.
_LETTER = r"0-9A-Za-z\x{C0}-\x{24F}\x{370}-\x{52F}"
EMAIL = Pattern(
    "EMAIL",
    rf"[{_LETTER}_%+'][{_LETTER}._%+'-]{{0,63}}@[{_LETTER}][{_LETTER}.-]{{0,99}}"
    rf"\.(?:(?i:xn--[a-z0-9-]{{2,40}})|[A-Za-z\x{{C0}}-\x{{24F}}\x{{370}}-\x{{52F}}]{{2,24}})",
    hint=rf"[{_LETTER}_%+'-]@[{_LETTER}]",
    check=lambda found: float(".." not in found.text and not _cut(found)),
    margin=1,
)


def _cut(found: Found) -> bool:
    """Whether a word goes on behind the value."""
    return joins(found.after[:1])


_SPEAKS_OF_PHONES = Near(
    (
        r"(?:tele|smart|cell|i|mobile )?phone",
        r"tel\b",
        "mobile",
        r"cell\b",
        r"fax",
        r"call(?:s|ed|ing)?\b",
        r"(?:desk|office|direct|home|work|landline|hotline|helpline|switchboard|contact)\b",
        r"(?:dial|ring|sms|whatsapp|signal|telegram|texted|voicemail|pager)\b",
        r"text (?:me|him|her|us|them)\b",
        r"answering\b",
        r"messages? (?:to|from)\b",
        r"reach(?:ed|able)?\b",
        r"tel[eé]fon",
        r"t[eé]l[eé]phone",
        "telefo",
        "telepono?",
        r"(?:handy|rufnummer|durchwahl|anruf|festnetz|mobil)",
        r"(?:m[oó]vil|celular|llam|cellulare|portable|appel|ligu)",
        r"(?:puhelin|puh\b|telnr|mobiel|bel me|gsm\b|cep\b|telpon|nomor hp)",
        r"(?:телефон|тел\b|мобильн|звон|факс|τηλ|κινητό)",
        r"(?:电话|電話|手机|手機|携帯|전화|휴대폰|연락처|هاتف|جوال|फ़ोन|फोन|मोबाइल|โทร)",
        r"\bnumaram",
    )
)
_VERSION = Near((r"v(?:ersion|er)?\.?\s*$", r"(?:firmware|release|build|schema)\b"))
_EXTENSION = r"(?:[ -]?(?:x|ext\.?|#)[ ]?\d{1,6})?"


def _international(found: Found) -> float:
    """A plus sign and a country: https://www.itu.int/rec/T-REC-E.164. Extensions are not counted."""
    import phonenumbers  # noqa: PLC0415 -- a library is loaded by the first candidate

    number = found.text if found.text.startswith("+") else "+" + found.text.lstrip("0(")
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return 0.0
    if phonenumbers.is_valid_number(parsed):
        return 1.0
    return 0.8 if phonenumbers.is_possible_number(parsed) and any(mark in found.text for mark in " -.(") else 0.0


def _national(found: Found) -> float:
    number = _subscriber(found.text)
    if not 7 <= len(number) <= 15 or len(set(number)) < 3 or _is_date(found.text) or _in_number(found):
        return 0.0
    return 0.8


def _spoken_of(found: Found) -> float:
    """Any run of seven digits or more, where the words around it speak of phones."""
    if not _national(found):
        return 0.0
    domestic = found.text[0] == "0" and found.text.isdecimal() and len(found.text) in (10, 11)
    return 0.8 if (domestic and alone(found)) or _SPEAKS_OF_PHONES(found) else 0.0


def _subscriber(text: str) -> str:
    """The digits without an extension."""
    for mark in ("x", "ext", "#"):
        text = text.lower().partition(mark)[0]
    return digits(text)


def _is_date(text: str) -> bool:
    """`2023-10-12 08`, `12.10.2023`."""
    parts = [part for part in text.replace(".", "-").replace("/", "-").replace(" ", "-").split("-") if part]
    if len(parts) < 3 or not all(part.isdecimal() for part in parts):
        return False
    year_first = len(parts[0]) == 4 and 1900 <= int(parts[0]) < 2100 and int(parts[1]) <= 12 and int(parts[2]) <= 31
    year_last = len(parts[2]) == 4 and 1900 <= int(parts[2]) < 2100 and int(parts[0]) <= 31 and int(parts[1]) <= 31
    return year_first or year_last


def _in_number(found: Found) -> bool:
    """Whether the value is cut out of something longer: a decimal, an id, a path."""
    before, after = found.before[-2:], found.after[:2]
    if joins(before[-1:]) or before[-1:] in ("/", "=", "$", "€", "#"):
        return True
    if before[-1:] in (".", ",", ":", "-") and before[:-1].isalnum() and len(before) == 2:
        return True
    isbn = after == "-X"
    return isbn or joins(after[:1]) or (after[:1] in (".", ",", "-", ":", "/") and after[1:].isdecimal())


PHONES = (
    Pattern(
        "PHONE",
        rf"\+[ ]?\d{{1,3}}[ .-]?(?:\(\d{{1,4}}\)[ .-]?)?\d(?:[ .-]?\(?\d\)?){{4,12}}{_EXTENSION}\b",
        hint=r"\+ ?\d{1,3}[ .(-]{0,2}\d",
        check=lambda found: 0.0 if _in_number(found) else _international(found),
        margin=2,
    ),
    Pattern(
        "PHONE",
        rf"\b(?:00|011)[ .-]?[1-9]\d{{0,2}}[ .-](?:\(0\)[ .-]?)?\d(?:[ .-]?\d){{5,11}}{_EXTENSION}\b",
        hint=r"\b(?:00|011)[ .-]?[1-9]\d{0,2}[ .-]",
        check=_national,
        margin=2,
    ),
    Pattern(  # North America, grouped as people there write it
        "PHONE",
        rf"(?:\b1[ .-])?(?:\([2-9]\d{{2}}\)[ .-]?|\b[2-9]\d{{2}}[.-])[2-9]\d{{2}}[ .-]\d{{4}}{_EXTENSION}\b",
        hint=r"\d{3}[).-][ .-]?\d{3}[ .-]\d{4}",
        check=_national,
        margin=2,
    ),
    Pattern(  # a trunk prefix, and groups
        "PHONE",
        r"(?:\(0\d{1,4}\)|\b0[ -]?[1-9]\d{0,3})[ .-]?\d{2,4}[ .-]\d{2,4}(?:[ .-]\d{2,4}){0,2}" + _EXTENSION + r"\b",
        hint=r"\b0[ -]?\d{1,4}\)?[ .-]?\d{2,4}[ .-]\d{2}",
        check=lambda found: _national(found) if 9 <= len(_subscriber(found.text)) <= 12 else 0.0,
        margin=2,
    ),
    Pattern("PHONE", r"\b[1-9]\d{2}-\d{3}-\d{2}-\d{2}\b", check=_national, margin=2),
    Pattern(
        "PHONE",
        rf"\(?\b\d{{1,5}}\)?(?:[ .-]?\(?\d{{1,5}}\)?){{1,6}}{_EXTENSION}\b",
        hint=r"\d{2}[ .)-]{0,2}\d{2}[ .)-]?\d{1,3}[ .)-]?\d{2}|\d{7}|\d[ .-]\d{3}[ .-]\d{3}|\d{3}[ .-]\d{4}",
        check=_spoken_of,
        margin=MARGIN,
        beside=rf"{_SPEAKS_OF_PHONES.source}|^[\s\"']*0\d{{9,10}}[\s\"'.]*$",
    ),
)


def _is_ipv4(found: Found) -> float:
    before, after = found.before[-2:], found.after[:2]
    joined = joins(before[-1:]) or before[-1:] == "." or joins(after[:1])
    longer = after[:1] == "." and after[1:].isdecimal()
    if joined or longer or (before[-1:] == "-" and before[:1].isalnum()):
        return 0.0
    try:
        address = IPv4Address(found.text)
    except AddressValueError:
        return 0.0
    return 0.0 if address.is_unspecified or _VERSION(found) else 1.0


def _is_ipv6(found: Found) -> float:
    text = found.text.partition("%")[0]
    around = found.before[-1:] + found.after[:1]
    if any(character.isalnum() or character in ":_" for character in around):
        return 0.0
    # `a::b` and `::` are code far more often than addresses.
    if not any(map(str.isdecimal, text)) or not (len(text) > 6 or text == "::1" or alone(found)):
        return 0.0
    try:
        IPv6Address(text)
    except AddressValueError:
        return 0.0
    return 1.0


ADDRESSES = (
    Pattern(
        "IP",
        r"(?:^|[^0-9A-Za-z_.])(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})",
        hint=r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d",
        check=_is_ipv4,
        margin=MARGIN,
    ),
    Pattern(
        "IP",
        r"(?i)(?:^|[^0-9a-z:_])((?:[0-9a-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4})(?:%[a-z0-9]{1,15})?)",
        hint=r"(?i):[0-9a-f]{0,4}:",
        check=_is_ipv6,
        margin=1,
    ),
)
PATTERNS = (EMAIL, *PHONES, *ADDRESSES)
