"""National identification numbers, by python-stdnum where it knows them.

A number that carries enough structure stands for itself. One with little more than a check digit must be spoken of
nearby, or be all that the text holds.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module

from msgspec import Struct

from gatepost_gateway.detect.patterns import Found, Pattern
from gatepost_gateway.detect.pii import checks
from gatepost_gateway.detect.pii.near import MARGIN, Near, alone, joins, or_alone

_IDENTITY = (
    r"(?:id|identity|identification|national|citizen|resident|personal|social|insurance|tax(?:payer)?)\b",
    r"(?:ssn|nin|tin|pin|dni|nif|nic)\b",
)


def _never(_text: str) -> bool:
    return False


class Kind(Struct, frozen=True):
    """`valid` is a module of stdnum, or a function. `sure` matches values that need no words beside them."""

    name: str
    source: str
    valid: str | Callable[[str], bool]
    words: tuple[str, ...] = ()
    sure: Callable[[str], bool] = _never
    hint: str | None = None
    spoken: bool = False
    """It has no check digit: only `words` make it one, and not what stands for identities at large."""


def _always(_text: str) -> bool:
    return True


def _marked(text: str) -> bool:
    """Written with separators, as on the document."""
    return not text.isalnum()


@cache
def _from_stdnum(module: str) -> Callable[[str], bool]:
    return import_module(f"stdnum.{module}").is_valid


def _check_of(kind: Kind, near: Near) -> Callable[[Found], float]:

    def check(found: Found) -> float:
        text, before, after = found.text, found.before[-2:], found.after[:2]
        if joins(before[-1:]) or joins(after[:1]):
            return 0.0
        if (before[-1:] in (".", "-", ",") and before[:1].isdecimal()) or (
            after[:1] in ("-", "/") and after[1:].isalnum()
        ):
            return 0.0
        if before[-1:] == " " and " " in text and before[:1].isdecimal():
            return 0.0  # the end of a longer row of groups
        # The cheap questions first: a long text may hold very many candidates.
        sure = kind.sure(text)
        if len(set(text)) < 2 or not (sure or (not kind.spoken and alone(found)) or near(found)):
            return 0.0
        valid = _from_stdnum(kind.valid) if isinstance(kind.valid, str) else kind.valid
        return 0.0 if not valid(text) else 1.0 if sure else 0.9

    return check


def pattern_of(kind: Kind) -> Pattern:
    near = Near(kind.words if kind.spoken else (*kind.words, *_IDENTITY))
    beside = near.source if kind.spoken else or_alone(near.source) if kind.sure is _never else ""
    return Pattern(
        kind.name, kind.source, hint=kind.hint, check=_check_of(kind, near), margin=MARGIN, beside=beside, plain=True
    )


_D9 = r"\b\d{3}[ -]?\d{3}[ -]?\d{3}\b"
_D10 = r"\b\d{3}[ -]?\d{3}[ -]?\d{4}\b"
_D11 = r"\b\d{11}\b"
_D13 = r"\b\d{13}\b"

KINDS = (
    Kind("SSN", r"\b\d{3}(?:-\d{2}-|[ ]\d{2}[ ]|\d{2})\d{4}\b", "us.ssn", (r"social sec",), _marked),
    Kind("US_ITIN", r"\b9\d{2}-?\d{2}-?\d{4}\b", checks.us_itin, (r"itin\b",), _marked),
    Kind("US_NPI", r"\b[12]\d{3}[ -]?\d{3}[ -]?\d{3}\b", checks.us_npi, (r"npi\b", "provider")),
    Kind(
        "US_MBI",
        r"(?i)\b[1-9][ac-hj-km-np-rt-y][0-9ac-hj-km-np-rt-y]\d-?[ac-hj-km-np-rt-y][0-9ac-hj-km-np-rt-y]\d-?"
        r"[ac-hj-km-np-rt-y]{2}\d{2}\b",
        _always,
        ("medicare", r"mbi\b"),
        _always,
    ),
    Kind("SIN", _D9, checks.ca_sin, (r"sin\b", r"nas\b", "social insurance", "assurance sociale"), _marked),
    Kind(
        "UK_NINO", r"(?i)\b[a-ceghj-prtw-z][a-ceghj-nprtw-z] ?\d{2} ?\d{2} ?\d{2} ?[a-d]\b", checks.uk_nino, (), _always
    ),
    Kind("UK_NHS", _D10, "gb.nhs", (r"nhs\b", "patient"), lambda text: text.count(" ") == 2),
    Kind("IE_PPS", r"(?i)\b\d{7}[a-w][a-iw]?\b", "ie.pps", (r"pps",)),
    Kind("ES_NIF", r"(?i)\b\d{7,8}-?[a-z]\b", checks.es_nif, (r"nif\b", r"dni\b"), _always),
    Kind("ES_NIE", r"(?i)\b[xyz]-?\d{7}-?[a-z]\b", "es.nie", (r"nie\b",), _always),
    Kind("PT_NIF", _D9, "pt.nif", (r"nif\b", "contribuinte")),
    Kind(
        "FR_NIR",
        r"(?i)\b[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[ab]) ?\d{3} ?\d{3} ?\d{2}\b",
        "fr.nir",
        ("s[ée]cu", r"nir\b"),
        _always,
    ),
    Kind(
        "IT_FISCAL_CODE",
        r"(?i)\b[a-z]{6}[0-9l-np-v]{2}[a-ehlmprst][0-9l-np-v]{2}[a-z][0-9l-np-v]{3}[a-z]\b",
        "it.codicefiscale",
        ("codice fiscale", r"cf\b"),
        _always,
    ),
    Kind(
        "DE_TAX_ID",
        r"\b\d{2} ?\d{3} ?\d{3} ?\d{3}\b",
        "de.idnr",
        (r"steuer", r"idnr", r"tin\b"),
        lambda text: text.count(" ") == 3,
    ),
    Kind(
        "DE_SOCIAL_SECURITY", r"(?i)\b\d{8}[a-z]\d{3}\b", checks.de_social_security, ("versicherung", r"rvnr"), _always
    ),
    Kind(
        "DE_ID_CARD",
        r"(?i)\b[cfghjklmnprtvwxyz][0-9cfghjklmnprtvwxyz]{8}\d?\b",
        checks.de_document,
        ("personalausweis", "ausweis", "reisepass", "pass(?:port|nummer)"),
    ),
    Kind(
        "DE_ID_CARD",
        r"(?i)\b[cfghjklmnprtvwxyz][0-9cfghjklmnprtvwxyz]{8}\b",
        checks.has_digits,
        ("personalausweis", "ausweis", "reisepass", r"id-?karte"),
        spoken=True,
    ),
    Kind(
        "DE_HEALTH_INSURANCE",
        r"(?i)\b[a-z]\d{9}\b",
        checks.de_health_insurance,
        ("kranken", r"kvnr", "versicher"),
        _never,
    ),
    Kind("AT_SVNR", r"\b\d{4} ?\d{6}\b", "at.vnr", ("sozialversicherung", r"svnr", r"sv-?n")),
    Kind("CH_AHV", r"\b756[.]?\d{4}[.]?\d{4}[.]?\d{2}\b", "ch.ssn", ("ahv", "avs"), _always),
    Kind("NL_BSN", r"\b\d{9}\b", "nl.bsn", (r"bsn\b", "burgerservice", "sofi")),
    Kind(
        "BE_NN",
        r"\b\d{2}[.]?\d{2}[.]?\d{2}[- ]?\d{3}[.]?\d{2}\b",
        "be.nn",
        ("rijksregister", "registre national", r"nn\b"),
        _marked,
    ),
    Kind("DK_CPR", r"\b\d{6}-?\d{4}\b", "dk.cpr", (r"cpr", "personnummer"), _never),
    Kind(
        "SE_PERSONNUMMER",
        r"\b(?:18|19|20)?\d{6}[-+]?\d{4}\b",
        checks.se_personnummer,
        ("person(?:nummer|nr)",),
        lambda text: _marked(text) or len(text) == 12,
    ),
    Kind("NO_FNR", r"\b\d{6} ?\d{5}\b", "no.fodselsnummer", ("f[øo]dsels", "personnummer"), lambda text: " " in text),
    Kind("FI_HETU", r"(?i)\b\d{6}[-+a-fu-y]\d{3}[0-9a-y]\b", checks.fi_hetu, (), _always),
    Kind("IS_KENNITALA", r"\b\d{6}-?\d{4}\b", "is_.kennitala", ("kennitala",)),
    Kind("PL_PESEL", _D11, "pl.pesel", ("pesel",)),
    Kind("CZ_RC", r"\b\d{6}/\d{3,4}\b", "cz.rc", (), _always),
    Kind("RO_CNP", _D13, "ro.cnp", (r"cnp\b",)),
    Kind("BG_EGN", r"\b\d{10}\b", "bg.egn", (r"egn\b", "егн")),
    Kind("HR_OIB", _D11, "hr.oib", (r"oib\b",)),
    Kind("SI_EMSO", _D13, "si.emso", ("em[sš]o", "jmbg", "матичн")),
    Kind("EE_IK", _D11, "ee.ik", ("isikukood", "asmens")),
    Kind("GR_AMKA", _D11, "gr.amka", ("amka", "αμκα")),
    Kind("TR_NATIONAL_ID", _D11, "tr.tckimlik", ("tckn", "kimlik", r"t\.?c\.?\b")),
    Kind("UA_RNTRC", r"\b\d{10}\b", "ua.rntrc", ("рнокпп", "іпн")),
    Kind("RU_INN", r"\b\d{12}\b", "ru.inn", ("инн",)),
    Kind(
        "IN_AADHAAR", r"\b[2-9]\d{3}[ :-]?\d{4}[ :-]?\d{4}\b", checks.in_aadhaar, ("aadh?aar", "uidai", "आधार"), _marked
    ),
    Kind("IN_PAN", r"(?i)\b[a-z]{3}[abcfghjlpt][a-z]\d{4}[a-z]\b", "in_.pan", (r"pan\b",), _always),
    Kind("IN_VOTER", r"(?i)\b[a-z]{3}\d{7}\b", "in_.epic"),
    Kind(
        "IN_VOTER", r"(?i)\b[a-z]{3}\d{7}\b", _always, (r"vote(?:r|rs)?\b", r"epic\b", "elect(?:ion|oral)"), spoken=True
    ),
    Kind("PK_CNIC", r"\b\d{5}-\d{7}-\d\b", "pk.cnic", (), _always),
    Kind("CN_RIC", r"(?i)\b\d{17}[0-9x]\b", "cn.ric", (), _always),
    Kind("KR_RRN", r"\b\d{6}-?\d{7}\b", checks.kr_rrn, (r"rrn\b", r"frn\b", "주민", "외국인"), _marked),
    Kind("SG_NRIC", r"(?i)\b[stfgm]\d{7}[a-z]\b", checks.sg_nric, (), _always),
    Kind("MY_NRIC", r"\b\d{6}-\d{2}-\d{4}\b", "my.nric", (), _always),
    Kind(
        "TH_TNIN", r"\b[1-8](?:-\d{4}-\d{5}-\d{2}-\d|\d{12})\b", checks.th_tnin, (r"tnin", "thai", "ประชาชน"), _marked
    ),
    Kind("TW_ID", r"\b[A-Z][1289]\d{8}\b", checks.tw_id, ("身分證", "身份證")),
    Kind("HK_ID", r"\b[A-Z]{1,2}\d{6}\([0-9A]\)", checks.hk_id, (), _always),
    Kind("ID_NIK", r"\b\d{16}\b", "id.nik", (r"nik\b", "ktp")),
    Kind("JP_MY_NUMBER", r"\b\d{4}[ -]?\d{4}[ -]?\d{4}\b", "jp.in_", ("my number", "マイナンバー", "個人番号")),
    Kind("AU_TFN", r"\b\d{3} ?\d{3} ?\d{2,3}\b", "au.tfn", (r"tfn\b", "tax file"), _never),
    Kind(
        "AU_MEDICARE",
        r"\b[2-6]\d{3} ?\d{5} ?\d\b",
        checks.au_medicare,
        ("medicare",),
        lambda text: text.count(" ") == 2,
    ),
    Kind("NZ_IRD", r"\b\d{2,3}[- ]?\d{3}[- ]?\d{3}\b", "nz.ird", (r"ird\b",)),
    Kind("ZA_ID", _D13, checks.za_id, ("south africa", "refugee")),
    Kind("IL_ID", r"\b\d{9}\b", "il.idnr", ("teudat", "תעודת", "ת\\.ז")),
    Kind("BR_CPF", r"\b\d{3}[.]?\d{3}[.]?\d{3}-?\d{2}\b", "br.cpf", (r"cpf\b",), _marked),
    Kind("AR_CUIT", r"\b\d{2}-\d{8}-\d\b|\b\d{11}\b", "ar.cuit", (r"cui[tl]\b",), _marked),
    Kind("CL_RUT", r"(?i)\b\d{1,2}[.]?\d{3}[.]?\d{3}-[0-9k]\b", "cl.rut", (r"rut\b",), _always),
    Kind("MX_CURP", r"(?i)\b[a-z]{4}\d{6}[a-z]{6}[0-9a-z]\d\b", "mx.curp", (), _always),
    Kind("EC_CI", r"\b\d{9}-?\d\b", "ec.ci", ("c[ée]dula",)),
    Kind("PE_CUI", r"\b\d{8}-?\d\b", "pe.cui", (r"cui\b", r"dni\b")),
)
PATTERNS = tuple(pattern_of(kind) for kind in KINDS)
