"""Gatepost: every model call passes two gates."""
