"""Measures, run by `make bench`: ratios that hold from machine to machine, not bare seconds."""

import sys
from pathlib import Path

# `python -m bench` also works where the project is not installed into the environment.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
