"""What only some houses look for: records of patients, and what stands beside a card number."""

from gatepost_gateway.detect.patterns import Found, Pattern
from gatepost_gateway.detect.pii.near import MARGIN, Near, all_of, joins

_SPEAKS_OF_RECORDS = Near(
    (
        r"mrn\b",
        r"medical record",
        r"patient (?:id|number|no)",
        r"(?:health|member|policy|insurance) ?(?:card|plan)? ?(?:id|number|no)\b",
    )
)
_SPEAKS_OF_CODES = Near((r"cv[vc]2?\b", r"cid\b", r"security code", r"card verification"))
_SPEAKS_OF_EXPIRY = Near((r"exp(?:iry|ires|iration)?\b", r"valid (?:thru|through|until)", r"good thru"))


def _apart(found: Found) -> bool:
    return not (joins(found.before[-1:]) or joins(found.after[:1]))


HEALTHCARE = (
    Pattern(
        "MEDICAL_RECORD",
        r"\b[A-Z]{0,3}[-#]?\d{5,12}\b",
        check=all_of(_apart, _SPEAKS_OF_RECORDS),
        margin=MARGIN,
        beside=_SPEAKS_OF_RECORDS.source,
        plain=True,
    ),
)
PAYMENT = (
    Pattern(
        "CVV",
        r"\b\d{3,4}\b",
        check=all_of(_apart, _SPEAKS_OF_CODES),
        margin=MARGIN,
        beside=_SPEAKS_OF_CODES.source,
        plain=True,
    ),
    Pattern(
        "CARD_EXPIRY",
        r"\b(?:0[1-9]|1[0-2]) ?[/-] ?(?:20)?\d{2}\b",
        check=all_of(_apart, _SPEAKS_OF_EXPIRY),
        margin=MARGIN,
        beside=_SPEAKS_OF_EXPIRY.source,
        plain=True,
    ),
    Pattern("CARD_TRACK", r"%?B\d{12,19}\^[^\^\r\n]{2,26}\^\d{4,40}\??|;\d{12,19}=\d{4,40}\?"),
)
