"""Measures, run by `make bench`: ratios that hold from machine to machine, not bare seconds."""

import os
import sys
from pathlib import Path

# As the `busbar` command does; before numpy and Arrow are imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MIMALLOC_PURGE_DELAY", "1000")

# `python -m bench` also works where the project is not installed into the environment.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
