"""The only reader of the environment and of files that people write."""

from gatepost_gateway.settings.environment import Environment, Settings, load, read_environment
from gatepost_gateway.settings.file import ConfigFile, parse, read_file
from gatepost_gateway.settings.problems import ConfigurationError, Problem
from gatepost_gateway.settings.references import DEFAULT_PROJECT, SANDBOX_MODEL, Elsewhere
from gatepost_gateway.settings.server import Limits, Server, Tls

__all__ = [
    "DEFAULT_PROJECT",
    "SANDBOX_MODEL",
    "ConfigFile",
    "ConfigurationError",
    "Elsewhere",
    "Environment",
    "Limits",
    "Problem",
    "Server",
    "Settings",
    "Tls",
    "load",
    "parse",
    "read_environment",
    "read_file",
]
