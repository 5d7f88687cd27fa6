"""The way of a call: ten stages, one a file, told in `exchange.py`."""
