"""Keys and tokens of a form of their own."""

import pytest

from gatepost_gateway.detect.expressions import Expression
from gatepost_gateway.detect.patterns import PatternDetector
from gatepost_gateway.detect.secrets.formats import FORMATS, PATTERNS
from gatepost_gateway.detect.widths import width_of

from ..cutting import placed
from .made import base62, hexed

DETECTOR = PatternDetector("secrets", PATTERNS)


@pytest.mark.parametrize(
    ("kind", "token"),
    [
        ("AWS_ACCESS_KEY", "AKIA" + "Q3EGUYT6KDR2M5XB"),
        ("GITHUB_TOKEN", "ghp_" + base62(36)),
        ("GITHUB_TOKEN", "github_pat_" + base62(22) + "_" + base62(59)),
        ("GITLAB_TOKEN", "glpat-" + base62(20)),
        ("SLACK_TOKEN", "xoxb-" + "123456789012-123456789012-" + base62(24)),
        ("STRIPE_KEY", "sk_live_" + base62(24)),
        ("GOOGLE_API_KEY", "AIza" + base62(35)),
        ("OPENAI_KEY", "sk-proj-" + base62(30) + "T3BlbkFJ" + base62(30)),
        ("ANTHROPIC_KEY", "sk-ant-api03-" + base62(93) + "AA"),
        ("NPM_TOKEN", "npm_" + base62(36)),
        ("SENDGRID_KEY", "SG." + base62(22) + "." + base62(43)),
        ("GITLAB_TOKEN", "glimt-" + base62(25)),
        ("TELEGRAM_TOKEN", "bot" + "7213808861" + ":AA" + base62(33)),
        ("AZURE_KEY", base62(52) + "JQQJ99BA" + base62(16) + "B" + base62(7)),
        ("AWS_SESSION_TOKEN", "IQoJb3JpZ2luX2" + base62(200)),
        ("TAILSCALE_KEY", "tskey-auth-" + base62(14) + "-" + base62(32)),
        ("RESEND_KEY", "re_" + base62(8) + "_" + base62(24)),
        ("LANGFUSE_KEY", f"sk-lf-{hexed(8)}-{hexed(4)}-{hexed(4)}-{hexed(4)}-{hexed(12)}"),
        ("DEEPL_KEY", f"{hexed(8)}-{hexed(4)}-{hexed(4)}-{hexed(4)}-{hexed(12)}:fx"),
        ("CRATES_TOKEN", "cio" + base62(32)),
        ("MONGODB_SECRET", "mdb_sa_sk_" + base62(40)),
        ("JETBRAINS_TOKEN", "perm:YWxpY2U=.NDItMQ==." + base62(40)),
        ("DIGITALOCEAN_TOKEN", "dop_v1_" + hexed(64)),
        ("HUGGINGFACE_TOKEN", "hf_" + "qWxRtYbNmKzPdFgHjLcVsQaEuIoTrZyXwB"),
    ],
)
def test_a_token_is_found_whole(kind, token):
    assert (kind, token) in placed(DETECTOR, f"use {token}, please")
    assert placed(DETECTOR, f"x{token}z" if kind != "OPENAI_KEY" else "") == []


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "x" * 36,
        "sk-...",
        "xoxb-your-token",
        "hf_generatedByHomeAppForDebuggingPur",
        "glsoat-" + "aB3_" * 13,
        "xoxp-572370529330-573807301142-572331691188-####",
    ],
)
def test_what_stands_where_a_token_would_is_not(text):
    assert placed(DETECTOR, text) == []


@pytest.mark.parametrize(
    ("kind", "before", "token", "after"),
    [
        ("OKTA_TOKEN", 'okta_api_token: "', "00" + base62(40), '"'),
        ("SONAR_TOKEN", "sonar.login=", hexed(40), ""),
        ("SENTRY_TOKEN", "https://", hexed(32), "@o12.ingest.us.sentry.io/345"),
        ("AZURE_STORAGE_KEY", "SharedAccessKeyName=a;SharedAccessKey=", base62(43) + "=", ";EntityPath=b"),
    ],
)
def test_a_token_whose_place_tells_it_is_found_without_the_place(kind, before, token, after):
    assert (kind, token) in placed(DETECTOR, before + token + after)


def test_every_format_compiles_is_bounded_and_begins_as_it_says():
    for pattern in PATTERNS:
        Expression(pattern.source)
        assert width_of(pattern.source).most is not None
        assert pattern.opening is not None or (pattern.span or 0) <= 165
    assert len(FORMATS) > 100
