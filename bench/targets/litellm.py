"""LiteLLM's proxy as its guide recommends for production: one worker, master key, no database."""

import json

from bench.bodies import MODEL
from bench.targets.target import CALL_PATH, Launch, Site, environment, installed_version

_KEY = "sk-bench-master"


class LiteLLM:
    """One worker, quiet, and with the fast HTTP parser that uvicorn takes when it is there."""

    name = "litellm"
    warm_seconds = 3.0
    linger_seconds = 0.0
    start_seconds = 90.0

    def __init__(self) -> None:
        """Finds the command later."""
        self._command = ""

    def prepare(self) -> str:
        """Installs it into an environment of its own."""
        folder = environment("litellm", ["litellm[proxy]", "httptools"])
        self._command = str(folder / "bin" / "litellm")
        return f"litellm/{installed_version(folder, 'litellm')}"

    def launch(self, site: Site) -> Launch:
        """Writes a model list with the one model; JSON is YAML."""
        provider = f"http://127.0.0.1:{site.provider_port}/v1"
        upstream = {"model": f"openai/{MODEL}", "api_base": provider, "api_key": "provider-key"}
        config = {
            "model_list": [{"model_name": MODEL, "litellm_params": upstream}],
            "general_settings": {"master_key": _KEY, "disable_spend_logs": True},
            "litellm_settings": {"set_verbose": False, "telemetry": False},
        }
        file = site.folder / "litellm.yaml"
        file.write_text(json.dumps(config))
        argv = [self._command, "--config", str(file), "--host", "127.0.0.1", "--port", str(site.port)]
        argv += ["--num_workers", "1"]
        env = {"LITELLM_MODE": "PRODUCTION", "LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        return Launch(argv, env, site.port, CALL_PATH, {"authorization": f"Bearer {_KEY}"})
