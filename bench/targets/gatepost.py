"""Gatepost with everything on: keys, budgets, limits, holds, the journal and its fold."""

import os
from pathlib import Path

from bench.bodies import MODEL
from bench.targets.target import CALL_PATH, ROOT, Launch, Site, UnavailableError, command_output

RUNTIME_KEY = "gp_benchruntime_0123456789abcdef0123456789abcdef"
ADMIN_KEY = "gpa_benchadmin_0123456789abcdef0123456789abcdef"

# The caps are far away on purpose: each is checked and held on every call, and none ends the run.
_CONFIG = """
models:
  - id: {model}
    name: The measured model
    identifier: {identifier}
    provider: {provider}
    base_url: http://127.0.0.1:{provider_port}{path}
    api_key: {{env: BENCH_PROVIDER_KEY}}
    additional_config: {additional}
    max_output: 4096
    is_public: true
    input_cost_per_1k: 0.00015
    output_cost_per_1k: 0.0006
    data_retention_days: 30
projects:
  - id: default
    default_model: {model}
    budgets: {{daily_usd: 1000000, monthly_usd: 10000000}}
    rate_limits: {{rpm: 100000000, tpm: 1000000000000}}
"""


_PATHS = {"openai": "/v1", "anthropic": "", "gemini": "/v1beta/models", "bedrock": ""}
_IDENTIFIERS = {"bedrock": "anthropic.bench-v1:0", "gemini": "gemini-bench"}
_AWS_KEY = '{"access_key_id":"AKIDEXAMPLE","secret_access_key":"' + "s" * 40 + '"}'


def _config(family: str, provider_port: int) -> str:
    additional = "{aws_region: us-east-1}" if family == "bedrock" else "{}"
    return _CONFIG.format(
        model=MODEL, identifier=_IDENTIFIERS.get(family, MODEL), provider=family, provider_port=provider_port,
        path=_PATHS[family], additional=additional,
    )  # fmt: skip


def command() -> Path:
    """Returns the command to start: the project's own, or the one that GATEPOST_COMMAND names."""
    return Path(os.environ.get("GATEPOST_COMMAND", ROOT / ".venv" / "bin" / "gatepost"))


class Gatepost:
    """The gateway of this repository, as `gatepost serve` runs it. OpenAI's callers reach a provider of `family`."""

    warm_seconds = 2.0
    # The journal is folded behind the calls; what that costs belongs to them.
    linger_seconds = 1.5
    start_seconds = 30.0

    def __init__(self, family: str = "openai") -> None:
        """Takes what is translated for a row of its own."""
        self.name = "gatepost" if family == "openai" else f"to-{family}"
        self._family = family

    def prepare(self) -> str:
        """Finds the command; `make` installs it."""
        if not command().exists():
            raise UnavailableError("the gateway is not installed in .venv: run `make run` or `make test` once")
        described = command_output(["git", "describe", "--always", "--dirty", "--exclude=*"], cwd=ROOT).strip()
        return f"gatepost at {described}"

    def launch(self, site: Site) -> Launch:
        """Writes gatepost.yaml and gives keys, address and folder by the environment."""
        config = site.folder / "gatepost.yaml"
        config.write_text(_config(self._family, site.provider_port))
        env = {
            "GATEPOST_RUNTIME_KEY": RUNTIME_KEY,
            "GATEPOST_ADMIN_KEY": ADMIN_KEY,
            "GATEPOST_LISTEN": f"127.0.0.1:{site.port}",
            "GATEPOST_DATA_DIR": str(site.folder / "data"),
            "BENCH_PROVIDER_KEY": _AWS_KEY if self._family == "bedrock" else "provider-key",
        }
        argv = [str(command()), "serve", "--config", str(config)]
        return Launch(argv, env, site.port, CALL_PATH, {"authorization": f"Bearer {RUNTIME_KEY}"})
