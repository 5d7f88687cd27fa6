"""How well the detectors do on labelled texts: `python tools/detection.py FOLDER [--misses 5] [--write]`.

FOLDER holds pii.jsonl, secrets.jsonl and prompt-injection.jsonl, a row a line: `text`, `label`, `kind`, `source`, and
where it has them `spans`, `scope`, `rule`, `lang`, `context`. `--write` puts the tables into docs/detectors.md.
"""

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gatepost_gateway.detect.injection import injection
from gatepost_gateway.detect.pii import GENERAL, pii
from gatepost_gateway.detect.secrets import secrets
from gatepost_gateway.detect.secrets.formats import FORMATS
from gatepost_gateway.detect.secrets.values import stands_in
from gatepost_gateway.domain.findings import Finding, find_all

Row = dict[str, Any]
THRESHOLD = 0.75
STRUCTURED = {
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "CREDIT_CARD": "CARD",
    "IBAN_CODE": "IBAN",
    "US_SSN": "SSN",
    "CA_SIN": "SIN",
    "IP_ADDRESS": "IP",
}
NAMED_OTHERWISE = {
    "FI_PERSONAL_IDENTITY_CODE": "FI_HETU",
    "KR_FRN": "KR_RRN",
    "SG_NRIC_FIN": "SG_NRIC",
    "ZA_ID_NUMBER": "ZA_ID",
    "PH_MOBILE_NUMBER": "PHONE",
    "TR_PHONE_NUMBER": "PHONE",
}
_IDENTIFIER = re.compile(r"\b(?:ID|Domain|Username|URL|Org Name|PUBLIC)\b")
_ANY_SECRET = frozenset({"token", "key", "secret", "api", "access"})
PAGE = Path(__file__).resolve().parent.parent / "docs" / "detectors.md"
BEGIN, END = "<!-- figures: begin, written by `python tools/detection.py` -->", "<!-- figures: end -->"


class Case(NamedTuple):
    """One thing that should be found, or a text in which nothing should."""

    groups: tuple[str, ...]
    wanted: bool
    found: bool
    shown: str


def kind_of(label: str) -> str | None:
    """Our kind for a label of the data; None where there is none."""
    kind = STRUCTURED.get(label) or NAMED_OTHERWISE.get(label) or ("PASSPORT" if label.endswith("PASSPORT") else label)
    return kind if kind in GENERAL else None


def pii_cases(rows: Iterable[Row]) -> Iterator[Case]:
    for row in rows:
        text, found = row["text"], find_all(pii(), row["text"])
        spans = row.get("spans") or [{"type": one} for one in row.get("scope", ()) if row["label"] == "pii"]
        for span in spans:
            kind = kind_of(span["type"])
            if kind is None:
                continue
            group = "structured" if span["type"] in STRUCTURED else "national and by context"
            yield Case((group, span["type"], row["source"]), True, any(covers(one, span, kind) for one in found), text)
        if row["label"] == "none":
            kinds = {kind_of(one) for one in row.get("scope", ())} or set(GENERAL)
            yield Case(("nothing to find", row["source"]), False, any(one.kind in kinds for one in found), text)


def covers(finding: Finding, span: Row, kind: str) -> bool:
    """The right kind somewhere in it, or any kind over all of it."""
    if "start" not in span:
        return finding.kind == kind
    meets = finding.start < span["end"] and finding.end > span["start"]
    return (meets and finding.kind == kind) or (finding.start <= span["start"] and finding.end >= span["end"])


def secret_cases(rows: Iterable[Row]) -> Iterator[Case]:
    """Of a named format: the rule that a row was made for is called after a service that docs/detectors.md names."""
    services = {kind.partition("_")[0].lower() for kind, _ in FORMATS} | {"jwt", "private", "generic", "uri", "basic"}
    for row in rows:
        wanted, words = row["label"] == "secret", words_of(row["rule"])
        named = "named formats" if services & words else "other services"
        findings = find_all(secrets(), row["text"])
        sort = sort_of(row, wanted, findings, words)
        yield Case((row["label"], named, row["source"], f"{named}: {sort}"), wanted, bool(findings), row["text"])


def words_of(rule: str) -> set[str]:
    return set(rule.lower().removeprefix("kingfisher.").replace("-", ".").replace("_", ".").split("."))


def sort_of(row: Row, wanted: bool, findings: Sequence[Finding], words: set[str]) -> str:
    """What a label means. Some that are called secrets only stand where one would, or name an account; some that are
    called none hold the secret of another service, or what has a name like `token` and looks like one.
    """
    text = row["text"]
    if wanted:
        values = [text[span["start"] : span["end"]] for span in row.get("spans") or ()] or [text.rpartition("=")[2]]
        placeholder = all(stands_in(value.strip("\"' \n")) for value in values)
        identifier = row.get("identifier_only") or _IDENTIFIER.search(row["kind"])
        return "an identifier" if identifier else "a placeholder" if placeholder else "a secret"
    other = any(not words & words_of(one.kind) - _ANY_SECRET for one in findings)
    return "of another kind" if other else "nothing"


def injection_cases(rows: Iterable[Row]) -> Iterator[Case]:
    for row in rows:
        wanted = row["label"] != "benign"
        found = any(one.score >= THRESHOLD for one in find_all(injection(), row["text"]))
        way = row["kind"].partition(":")[0] if row["kind"].startswith(("direct:", "indirect:")) else "other"
        about = (row["label"], row["kind"], row["source"], f"language: {row.get('lang') or 'not said'}")
        yield Case((*about, way) if wanted else about[:3], wanted, found, row["text"])


def benign_cases(rows: Iterable[Row]) -> Iterator[Case]:
    """Ordinary texts of users, in which neither personal data nor secrets should be found."""
    for row in rows:
        if row["label"] == "benign":
            yield Case(("personal data in benign texts",), False, bool(find_all(pii(), row["text"])), row["text"])
            yield Case(("secrets in benign texts",), False, bool(find_all(secrets(), row["text"])), row["text"])


def table(title: str, cases: Iterable[Case], misses: int) -> Iterator[str]:
    """Lines of Markdown."""
    counts: dict[tuple[bool, str], list[int]] = defaultdict(lambda: [0, 0])
    missed: list[str] = []
    for case in cases:
        for group in case.groups:
            counts[case.wanted, group][0] += case.found
            counts[case.wanted, group][1] += 1
        if case.found is not case.wanted:
            missed.append(f"- {'missed' if case.wanted else 'wrongly found'} ({case.groups[0]}): {case.shown[:160]!r}")
    yield from (f"### {title}", "", "| what | found | of | rate |", "|---|---:|---:|---:|")
    for (wanted, group), (found, total) in sorted(counts.items(), key=lambda one: (not one[0][0], one[0][1])):
        name = group if wanted else f"*wrongly:* {group}"
        yield f"| {name} | {found} | {total} | {100 * found / total:.1f} % |"
    yield ""
    if misses:
        yield from (*missed[:misses], "")


def report(folder: Path, misses: int) -> str:
    """All tables."""
    pii_rows, secret_rows, injection_rows = (
        [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().strip().split("\n")]
        for name in ("pii", "secrets", "prompt-injection")
    )
    lines = [
        *table("Personal data", pii_cases(pii_rows), misses),
        *table("Secrets", secret_cases(secret_rows), misses),
        *table("Injections", injection_cases(injection_rows), misses),
        *table("Ordinary texts", benign_cases(injection_rows), misses),
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--misses", type=int, default=0, help="show so many of each set")
    parser.add_argument("--write", action="store_true", help="into docs/detectors.md")
    said = parser.parse_args(arguments)
    text = report(said.folder, said.misses)
    if said.write:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{rest.partition(END)[2]}")
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
