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
    identifier: {model}
    provider: openai
    base_url: http://127.0.0.1:{provider_port}/v1
    api_key: {{env: BENCH_PROVIDER_KEY}}
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


def command() -> Path:
    """Returns the command to start: the project's own, or the one that GATEPOST_COMMAND names."""
    return Path(os.environ.get("GATEPOST_COMMAND", ROOT / ".venv" / "bin" / "gatepost"))


class Gatepost:
    """The gateway of this repository, as `gatepost serve` runs it."""

    name = "gatepost"
    warm_seconds = 2.0
    # The journal is folded behind the calls; what that costs belongs to them.
    linger_seconds = 1.5
    start_seconds = 30.0

    def prepare(self) -> str:
        """Finds the command; `make` installs it."""
        if not command().exists():
            raise UnavailableError("the gateway is not installed in .venv: run `make run` or `make test` once")
        described = command_output(["git", "describe", "--always", "--dirty", "--exclude=*"], cwd=ROOT).strip()
        return f"gatepost at {described}"

    def launch(self, site: Site) -> Launch:
        """Writes gatepost.yaml and gives keys, address and folder by the environment."""
        config = site.folder / "gatepost.yaml"
        config.write_text(_CONFIG.format(model=MODEL, provider_port=site.provider_port))
        env = {
            "GATEPOST_RUNTIME_KEY": RUNTIME_KEY,
            "GATEPOST_ADMIN_KEY": ADMIN_KEY,
            "GATEPOST_LISTEN": f"127.0.0.1:{site.port}",
            "GATEPOST_DATA_DIR": str(site.folder / "data"),
            "BENCH_PROVIDER_KEY": "provider-key",
        }
        argv = [str(command()), "serve", "--config", str(config)]
        return Launch(argv, env, site.port, CALL_PATH, {"authorization": f"Bearer {RUNTIME_KEY}"})
