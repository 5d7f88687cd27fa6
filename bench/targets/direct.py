"""No gateway: the driver calls the provider. Everything else is measured against this."""

from bench.targets.target import CALL_PATH, Launch, Site


class Direct:
    """The path without a gateway."""

    name = "direct"
    warm_seconds = 0.5
    linger_seconds = 0.0
    start_seconds = 5.0

    def prepare(self) -> str:
        """Needs nothing."""
        return "the mock provider itself"

    def launch(self, site: Site) -> Launch:
        """Points at the provider."""
        return Launch([], {}, site.provider_port, CALL_PATH, {"authorization": "Bearer provider-key"})
