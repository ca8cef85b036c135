"""Bringing files in: receive, confirm the mapping, run; safe to stop and run again (R20, R80)."""

from busbar.imports.operations.receiving import (
    Incoming,
    UnableToConfirmMapping,
    UnableToReceiveFiles,
    confirm_mapping,
    discard_run,
    receive_files,
)
from busbar.imports.operations.running import UnableToRunImport, run_import

__all__ = [
    "Incoming",
    "UnableToConfirmMapping",
    "UnableToReceiveFiles",
    "UnableToRunImport",
    "confirm_mapping",
    "discard_run",
    "receive_files",
    "run_import",
]
