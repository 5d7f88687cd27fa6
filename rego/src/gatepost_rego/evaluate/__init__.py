"""Running compiled rules."""
