"""nginx as a plain reverse proxy: the floor that a proxy written in C sets."""

import shutil
from pathlib import Path

from bench.targets.target import CACHE, CALL_PATH, Launch, Site, UnavailableError, command_output

_CONFIG = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    keepalive_requests 100000000;
    upstream provider {{
        server 127.0.0.1:{provider_port};
        keepalive 64;
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://provider;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
        }}
    }}
}}
"""


class Nginx:
    """Debian's nginx, one worker, kept connections on both sides, no log."""

    name = "nginx"
    warm_seconds = 0.5
    linger_seconds = 0.0
    start_seconds = 5.0

    def __init__(self) -> None:
        """Finds the binary later."""
        self._binary = ""

    def prepare(self) -> str:
        """Finds nginx, or unpacks Debian's package beside the harness; nothing is installed or started."""
        found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        self._binary = found or str(_unpacked())
        return command_output([self._binary, "-v"]).strip().removeprefix("nginx version: ")

    def launch(self, site: Site) -> Launch:
        """Writes the configuration; every path in it is relative to the site's folder."""
        config = site.folder / "nginx.conf"
        config.write_text(_CONFIG.format(provider_port=site.provider_port, port=site.port))
        argv = [self._binary, "-p", str(site.folder), "-c", str(config), "-e", "error.log"]
        return Launch(argv, {}, site.port, CALL_PATH, {"authorization": "Bearer provider-key"})


def _unpacked() -> Path:
    folder = CACHE / "nginx"
    binary = folder / "root" / "usr" / "sbin" / "nginx"
    if binary.exists():
        return binary
    if not shutil.which("apt-get"):
        raise UnavailableError("nginx is not installed, and there is no apt-get to fetch it with")
    folder.mkdir(parents=True, exist_ok=True)
    command_output(["apt-get", "download", "nginx"], cwd=folder)
    package = max(folder.glob("nginx_*.deb"))
    command_output(["dpkg-deb", "-x", str(package), str(folder / "root")])
    return binary
