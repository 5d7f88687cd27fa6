"""The names that policy files of this shape use elsewhere: each is carried out here, or refused with the reason."""

from typing import Any

import pytest

from gatepost_gateway.domain.chain import RuleSpec, Unloadable
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule

JUDGE = {"name": "j", "endpoint": "https://judge.test/v1", "model": "m", "secret_key_ref": {"env": "K"}}
CARRIED_OUT: list[tuple[str, dict[str, Any]]] = [
    (
        "prompt-injection",
        {
            "embedding_threshold": 0.75,
            "detection": {"attack_patterns": ["open sesame"]},
            "encoding": {"decode_base64": True, "normalize_unicode": True, "detect_homoglyphs": True},
            "response": {"action": "block", "message": "no"},
        },
    ),
    (
        "pii-detector",
        {
            "action": "redact",
            "healthcare_mode": False,
            "pci_mode": True,
            "detect_patterns": [],
            "redaction": {
                "marker_format": "label",
                "include_metadata": True,
                "preserve_length": False,
                "custom_markers": {},
            },
        },
    ),
    ("audit-logger", {"immutable": True, "retention_days": 365}),
    ("agent-firewall", {"allowed_tools": ["a"], "blocked_tools": ["b"], "max_actions_per_session": 5}),
    (
        "agent-firewall",
        {
            "tools": {"roles": {"r": {"allowed": ["a"], "denied": ["b"]}}},
            "rate_limits": {"default": 5, "a": 1},
            "max_actions_per_session": 5,
            "transaction_limits": {
                "max_single_transaction": 5,
                "max_daily_total": 10,
                "require_approval_above": 3,
            },
            "kill_switches": {
                "max_errors_before_halt": 5,
                "halt_on_pii_in_action": True,
                "halt_on_suspicious_pattern": True,
            },
            "monitoring": {
                "alert_on_denied_action": True,
                "alert_on_rate_limit": True,
                "alert_threshold_percent": 80,
            },
        },
    ),
    (
        "tool-validation",
        {
            "declared_tools": ["a"],
            "schemas": {"b": {"type": "object"}},
            "allow_undeclared": False,
            "semantic_validation": {"enabled": False, **{key: JUDGE[key] for key in ("endpoint", "model")}},
        },
    ),
    (
        "rbac",
        {
            "deny_if_missing": ["X-User-ID"],
            "require_auth": True,
            "roles": {"r": {"allowed_tools": ["a"], "denied_tools": ["b"]}},
            "data_access": {"r": {"max_sensitivity": "confidential"}},
            "minimum_necessary": {"enabled": False, "allowed_phi_roles": []},
        },
    ),
    (
        "dlp-filter",
        {
            "sensitivity_level": "high",
            "detect_patterns": ["a[0-9]"],
            "blocked_terms": ["b"],
            "fuzzy_matching": True,
            "action": "block",
        },
    ),
    ("safety-filter", {"mode": "escalate", "block_if": ["a"]}),
    (
        "citation-verifier",
        {
            "require_sources": True,
            "require_source_match": True,
            "min_confidence": 0.5,
            "min_groundedness": 0.8,
            "extract_patterns": ["academic", "url", "quote"],
            "output_action": {"unverified_action": "escalate", "hallucination_action": "block"},
            "response": {"include_verification_report": False},
        },
    ),
    (
        "quality-scorer",
        {
            "min_output_chars": 5,
            "min_sentences": 1,
            "mock_scoring": False,
            "providers": [],
            "benchmarks": {},
            "assertions": [
                {
                    "type": "no_refusal",
                    "name": "n",
                    "enabled": True,
                    "threshold": 0.5,
                    "weight": 1,
                    "mode": "enforce",
                    "severity": "high",
                    "config": {},
                }
            ],
            "thresholds": {"min_aggregate": 0.5},
            "weights": {"n": 2},
        },
    ),
    (
        "flagged-review",
        {
            "mode": "judge",
            "provider": {**JUDGE, "timeout_ms": 500},
            "recursion_depth_max": 2,
            "provider_isolation": True,
            "rationale_capture": True,
        },
    ),
]
REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("prompt-injection", {"encoding": {"decode_base64": False}}),
    ("pii-detector", {"redaction": {"include_metadata": False}}),
    ("audit-logger", {"immutable": False}),
    ("audit-logger", {"log_all_access": True}),
    ("audit-logger", {"hipaa_audit_controls": True}),
    ("tool-validation", {"semantic_validation": {"enabled": True, "endpoint": "https://judge.test"}}),
    ("rbac", {"require_auth": False}),
    ("rbac", {"minimum_necessary": {"enabled": True}}),
    ("citation-verifier", {"require_sources": True, "response": {"include_verification_report": True}}),
    ("quality-scorer", {"min_sentences": 1, "industry": "finance"}),
    ("quality-scorer", {"min_sentences": 1, "mock_scoring": True}),
    ("quality-scorer", {"min_sentences": 1, "providers": [JUDGE]}),
    ("quality-scorer", {"min_sentences": 1, "benchmarks": {"a": 1}}),
    ("quality-scorer", {"min_sentences": 1, "on_failure": "retry"}),
    ("safety-filter", {"mode": "block", "action": "escalate"}),
]


@pytest.mark.parametrize(("kind", "settings"), CARRIED_OUT)
def test_a_section_with_these_names_loads(kind: str, settings: dict[str, Any]) -> None:
    label = load_rule(RuleSpec(name="r", kind=kind, settings=settings), Toolbox()).rule.label
    assert (label.name, label.kind) == ("r", kind)


@pytest.mark.parametrize(("kind", "settings"), REFUSED)
def test_what_is_not_done_is_refused_and_not_passed_over(kind: str, settings: dict[str, Any]) -> None:
    with pytest.raises(Unloadable) as caught:
        load_rule(RuleSpec(name="r", kind=kind, settings=settings), Toolbox())
    assert "unknown key" not in caught.value.message
