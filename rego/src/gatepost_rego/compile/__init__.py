"""Checked rules to Python functions."""
