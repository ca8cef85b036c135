"""`busbar work`: the worker that runs the timetable and the queued jobs."""

from __future__ import annotations

import argparse

from busbar.jobs.worker import run_worker


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose: its number of processes is the setting BUSBAR_WORKERS."""


def run(args: argparse.Namespace) -> int:
    """Work until stopped."""
    run_worker()
    return 0
