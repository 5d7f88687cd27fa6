"""What only the words around it make personal: passport numbers, dates of birth."""

from gatepost_gateway.detect.patterns import Found, Pattern
from gatepost_gateway.detect.pii.checks import real_date
from gatepost_gateway.detect.pii.near import MARGIN, Near, all_of, joins

_SPEAKS_OF_PASSPORTS = Near(
    (
        "passports?",
        "travel document",
        "pasaporte",
        "passeport",
        "reisepass",
        "passaporto",
        "passaporte",
        "paspoort",
        "paszport",
        "pasaport",
        r"pas(?:nr|nummer)\b",
        "паспорт",
        "διαβατ",
        "旅券",
        "护照",
        "護照",
        "パスポート",
        "여권",
        "جواز",
        "पासपोर्ट",
        "หนังสือเดินทาง",
    )
)
_SPEAKS_OF_BIRTH = Near(
    (
        r"(?:born|birth|dob|d\.o\.b|date of birth|birthda(?:y|te))",
        r"(?:geb(?:oren|urt|\.)|geburtsdatum)",
        r"(?:n[ée]e?\b|naissance)",
        r"(?:nac(?:i[óo]|id[oa]|imiento)|nasc(?:id[oa]|imento|eu|ita)|nat[oa] il)",
        r"(?:geboren|geboortedatum|f[øö]d(?:t|d|else)|syntym|urodz|narozen|do[ğg]um|lahir|sinh ng[àa]y)",
        "(?:родил|рожден|дата рождения|γεννή)",
        "(?:生年月日|生まれ|出生|생년월일|출생|ميلاد|ولد|जन्म|เกิด)",
    )
)


def _stands_alone(found: Found) -> bool:
    return not (joins(found.before[-1:]) or joins(found.after[:1]))


PASSPORT = Pattern(
    "PASSPORT",
    r"(?i)\b(?:[a-z]{1,3}-?\d{6,8}|[a-z]\d{3}[a-z]\d{4}|\d{2}[a-z]{2}\d{5}|\d{8,9}|[a-z][0-9cfghjk-mnprtv-z]{7}\d)\b",
    hint=r"(?i)[a-z0-9]{3}\d[a-z0-9]\d",
    check=all_of(_stands_alone, lambda found: any(mark.isdecimal() for mark in found.text), _SPEAKS_OF_PASSPORTS),
    margin=MARGIN,
    beside=_SPEAKS_OF_PASSPORTS.source,
)

_MONTHS = (
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
)
_MONTH = {name[:3]: number for line in _MONTHS for number, name in enumerate(line.split(), 1)}
_NAMES = "|".join(sorted({name for line in _MONTHS for name in line.split()}, key=lambda name: (-len(name), name)))
_ENGLISH = "january|february|march|april|june|july|august|september|october|november|december|sept"


def _numbers(text: str) -> list[int]:
    spaced = "".join(mark if mark.isdecimal() else " " for mark in text)
    return [int(number) for number in spaced.split()]


def _is_date(found: Found) -> bool:
    """A day that exists, in any order of day, month and year."""
    numbers = _numbers(found.text)
    words = "".join(mark if mark.isalpha() else " " for mark in found.text.lower()).split()
    month = next((_MONTH[word[:3]] for word in words if word[:3] in _MONTH), None)
    if month is not None and len(numbers) == 2:
        day, year = sorted(numbers) if max(numbers) > 31 else numbers
        return real_date(_century(year), month, day)
    if len(numbers) != 3:
        return False
    first, second, third = numbers
    if first > 31:
        return real_date(first, second, third) if first > 99 else False
    year = _century(third)
    return real_date(year, first, second) or real_date(year, second, first)


def _century(year: int) -> int:
    return year if year > 99 else 1900 + year if year > 30 else 2000 + year


DOB = Pattern(
    "DOB",
    rf"(?i)\b(?:\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}}"
    r"|\d{4}年\d{1,2}月\d{1,2}日|\d{4}년 ?\d{1,2}월 ?\d{1,2}일"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)?(?: of| de)?[ -](?:{_ENGLISH}|{_NAMES})\.?,?(?: de)?[ -]\d{{2,4}}"
    rf"|(?:{_ENGLISH}|{_NAMES})\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})",
    hint=r"(?i)\d[./-]\d{1,2}[./-]\d|[年년]|\d[a-z.]{0,2}(?: of| de)?[ -]\pL{3}|\pL\.? \d{1,2}[a-z]{0,2},? \d{4}",
    check=all_of(_stands_alone, _is_date, _SPEAKS_OF_BIRTH),
    margin=MARGIN,
    beside=_SPEAKS_OF_BIRTH.source,
)
PATTERNS = (PASSPORT, DOB)
