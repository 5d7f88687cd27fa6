"""Rego, the policy language of Open Policy Agent, in pure Python.

``compile`` turns policies into a :class:`Policy`, whose ``evaluate`` answers with a
:class:`Result`. ``check`` only looks for mistakes and ``format`` prints
a policy the way ``opa fmt`` does. Everything that goes wrong is a
:class:`RegoError`.
"""

from gatepost_rego.errors import (
    BudgetExceeded,
    DeadlineExceeded,
    Diagnostic,
    EvaluationError,
    InputError,
    PolicyError,
    RegoError,
)
from gatepost_rego.evaluate.meter import Limits
from gatepost_rego.layout import format
from gatepost_rego.policy import Capabilities, Policy, Result, check, compile
from gatepost_rego.values import UNDEFINED

__all__ = [
    "UNDEFINED",
    "BudgetExceeded",
    "Capabilities",
    "DeadlineExceeded",
    "Diagnostic",
    "EvaluationError",
    "InputError",
    "Limits",
    "Policy",
    "PolicyError",
    "RegoError",
    "Result",
    "check",
    "compile",
    "format",
]
