"""The kinds of rule that a chain may have, one a file. What is not here does not load."""

from collections.abc import Mapping
from types import MappingProxyType

from gatepost_gateway.policy.kinds.agent_firewall import AGENT_FIREWALL
from gatepost_gateway.policy.kinds.audit_logger import AUDIT_LOGGER
from gatepost_gateway.policy.kinds.citation_verifier import CITATION_VERIFIER
from gatepost_gateway.policy.kinds.data_routing import DATA_ROUTING
from gatepost_gateway.policy.kinds.dlp_filter import DLP_FILTER
from gatepost_gateway.policy.kinds.entity_list_filter import ENTITY_LIST_FILTER
from gatepost_gateway.policy.kinds.external_moderation import EXTERNAL_MODERATION
from gatepost_gateway.policy.kinds.flagged_review import FLAGGED_REVIEW
from gatepost_gateway.policy.kinds.human_oversight import HUMAN_OVERSIGHT
from gatepost_gateway.policy.kinds.keyword import KEYWORD
from gatepost_gateway.policy.kinds.kind import Kind
from gatepost_gateway.policy.kinds.language_validator import LANGUAGE_VALIDATOR
from gatepost_gateway.policy.kinds.model_allowlist import MODEL_ALLOWLIST
from gatepost_gateway.policy.kinds.onnx_classifier import ONNX_CLASSIFIER
from gatepost_gateway.policy.kinds.pattern import PATTERN
from gatepost_gateway.policy.kinds.pii_detector import PII_DETECTOR
from gatepost_gateway.policy.kinds.prompt_injection import PROMPT_INJECTION
from gatepost_gateway.policy.kinds.quality_scorer import QUALITY_SCORER
from gatepost_gateway.policy.kinds.rbac import RBAC
from gatepost_gateway.policy.kinds.redactor import REDACTOR
from gatepost_gateway.policy.kinds.safety_filter import SAFETY_FILTER
from gatepost_gateway.policy.kinds.secret_detector import SECRET_DETECTOR
from gatepost_gateway.policy.kinds.size_limits import SIZE_LIMITS
from gatepost_gateway.policy.kinds.tool_budget import TOOL_BUDGET
from gatepost_gateway.policy.kinds.tool_validation import TOOL_VALIDATION

KINDS: tuple[Kind, ...] = (
    AGENT_FIREWALL,
    AUDIT_LOGGER,
    CITATION_VERIFIER,
    DATA_ROUTING,
    DLP_FILTER,
    ENTITY_LIST_FILTER,
    EXTERNAL_MODERATION,
    FLAGGED_REVIEW,
    HUMAN_OVERSIGHT,
    KEYWORD,
    LANGUAGE_VALIDATOR,
    MODEL_ALLOWLIST,
    ONNX_CLASSIFIER,
    PATTERN,
    PII_DETECTOR,
    PROMPT_INJECTION,
    QUALITY_SCORER,
    RBAC,
    REDACTOR,
    SAFETY_FILTER,
    SECRET_DETECTOR,
    SIZE_LIMITS,
    TOOL_BUDGET,
    TOOL_VALIDATION,
)
BY_NAME: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in KINDS})
