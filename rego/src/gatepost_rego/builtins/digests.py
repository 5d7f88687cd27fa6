"""Hashes and keyed hashes (OPA policy reference, section Crypto)."""

from __future__ import annotations

import hashlib
import hmac
from functools import partial
from typing import Final

from gatepost_rego.builtins.operands import string
from gatepost_rego.builtins.registry import Context
from gatepost_rego.builtins.signature import declare
from gatepost_rego.golang.quoting import utf8
from gatepost_rego.values import Value

__all__ = ["BUILTINS"]

_PER_STEP: Final = 64


def _digest(algorithm: str, ctx: Context, value: Value) -> str:
    data = utf8(string(value, 1))
    ctx.charge(1 + len(data) // _PER_STEP)
    return hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()


def _keyed(algorithm: str, ctx: Context, value: Value, key: Value) -> str:
    data, secret = utf8(string(value, 1)), utf8(string(key, 2))
    ctx.charge(1 + (len(data) + len(secret)) // _PER_STEP)
    return hmac.new(secret, data, algorithm).hexdigest()


def same_mac(ctx: Context, left: Value, right: Value) -> bool:
    """Compare two keyed hashes without telling by the time taken where they differ."""
    one, other = utf8(string(left, 1)), utf8(string(right, 2))
    ctx.charge(1 + len(one) // _PER_STEP)
    return hmac.compare_digest(one, other)


BUILTINS: Final = (
    declare("crypto.md5", partial(_digest, "md5"), context=True),
    declare("crypto.sha1", partial(_digest, "sha1"), context=True),
    declare("crypto.sha256", partial(_digest, "sha256"), context=True),
    declare("crypto.hmac.md5", partial(_keyed, "md5"), context=True),
    declare("crypto.hmac.sha1", partial(_keyed, "sha1"), context=True),
    declare("crypto.hmac.sha256", partial(_keyed, "sha256"), context=True),
    declare("crypto.hmac.sha512", partial(_keyed, "sha512"), context=True),
    declare("crypto.hmac.equal", same_mac, context=True),
)
