"""What operators and SDKs ask about the gateway itself."""

from typing import Optional

from .shape import Answer


class Up(Answer):
    """GET /up."""

    status: str = "ok"
    version: str


class Health(Answer):
    """GET /health, /health/live and /health/ready."""

    status: str
    """One of "healthy", "degraded" or "unhealthy"."""
    version: Optional[str] = None
    uptime_seconds: Optional[float] = None


class VersionInfo(Answer):
    """GET /version."""

    version: str


class SdkFeatures(Answer):
    """What the project allows SDKs to do."""

    offline_testing: bool = False


class SdkConfig(Answer):
    """GET /api/v1/sdk/config."""

    features: SdkFeatures
    version: str
    project: str
