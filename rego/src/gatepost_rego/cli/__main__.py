"""Runs the command as `python -m gatepost_rego.cli`."""

import sys

from gatepost_rego.cli.command import main

sys.exit(main())
