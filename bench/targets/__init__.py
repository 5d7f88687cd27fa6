"""What is measured: one target a file, each with how to get it, start it and call it."""

from bench.targets.direct import Direct
from bench.targets.envoy import Envoy
from bench.targets.gatepost import Gatepost
from bench.targets.litellm import LiteLLM
from bench.targets.nginx import Nginx
from bench.targets.portkey import Portkey
from bench.targets.target import Launch, Site, Target, UnavailableError

TRANSLATED: tuple[Target, ...] = tuple(Gatepost(family) for family in ("anthropic", "gemini", "bedrock"))
"""Rows of their own: `--only gatepost,translated`."""
TARGETS: tuple[Target, ...] = (Direct(), Nginx(), Envoy(), Gatepost(), LiteLLM(), Portkey())

__all__ = ["TARGETS", "TRANSLATED", "Launch", "Site", "Target", "UnavailableError"]
