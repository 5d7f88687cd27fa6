"""Built-ins that this engine knows by name and refuses when a policy is loaded."""

from __future__ import annotations

from typing import Final, NoReturn

from gatepost_rego.builtins.registry import Builtin, BuiltinHalt
from gatepost_rego.builtins.signature import declare
from gatepost_rego.values import Value

__all__ = ["BUILTINS"]

_REASONS: Final = {
    "crypto.parse_private_keys": "only RSA keys and key pairs can be read",
    "crypto.x509.parse_and_verify_certificates_with_options": "its options are not supported",
    "providers.aws.sign_req": "requests to AWS are not signed here",
    "http.send": "policies have no way to the network",
}


def _refuse(*operands: Value) -> NoReturn:
    raise BuiltinHalt("this built-in is not supported")


BUILTINS: Final[tuple[Builtin, ...]] = tuple(
    declare(name, _refuse, unsupported=reason, needs="network" if name == "http.send" else None)
    for name, reason in _REASONS.items()
)
