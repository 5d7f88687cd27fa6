"""The benchmark as a script: `python bench/run.py`."""

import importlib
import sys
from pathlib import Path

if __name__ == "__main__":
    # A script has its own folder first on the path; the package is found from the folder above.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    importlib.import_module("bench.command").main()
