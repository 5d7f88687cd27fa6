"""Portkey's open gateway, on Node."""

import shutil

from bench.targets.target import CACHE, CALL_PATH, Launch, Site, UnavailableError, command_output


class Portkey:
    """The npm package, called with the provider's address in a header, which is how it is used without a cloud."""

    name = "portkey"
    warm_seconds = 8.0
    linger_seconds = 0.0
    start_seconds = 30.0

    def __init__(self) -> None:
        """Finds Node later."""
        self._node = ""

    def prepare(self) -> str:
        """Installs the package into a folder of its own."""
        node, npm = shutil.which("node"), shutil.which("npm")
        if not node or not npm:
            raise UnavailableError("Node and npm are not installed")
        self._node = node
        folder = CACHE / "portkey"
        if not (folder / "installed").exists():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "package.json").write_text('{"private": true}\n')
            command_output([npm, "install", "--no-audit", "--no-fund", "@portkey-ai/gateway"], cwd=folder)
            (folder / "installed").touch()
        code = "console.log(require('./node_modules/@portkey-ai/gateway/package.json').version + ' ' + process.version)"
        version, _, runtime = command_output([node, "-e", code], cwd=folder).strip().partition(" ")
        return f"portkey/{version} on node {runtime}"

    def launch(self, site: Site) -> Launch:
        """Needs no configuration: every call says where it goes."""
        server = CACHE / "portkey" / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
        argv = [self._node, str(server), f"--port={site.port}", "--headless"]
        headers = {
            "authorization": "Bearer provider-key",
            "x-portkey-provider": "openai",
            "x-portkey-custom-host": f"http://127.0.0.1:{site.provider_port}/v1",
        }
        return Launch(argv, {"NODE_ENV": "production"}, site.port, CALL_PATH, headers)
