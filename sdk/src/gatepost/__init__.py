"""The typed Python SDK of Gatepost."""
