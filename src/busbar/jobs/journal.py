"""The nightly look at the journal: does the chain hold, and is yesterday's head still in it?"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from django.conf import settings

from busbar.journal import queries as journal_queries
from busbar.journal.queries import Verification


class JournalBrokenError(Exception):
    """The chain does not hold: somebody changed the journal in the database."""


def verify_journal() -> str:
    """Verify against the head that was kept last; a break fails the task, loudly."""
    return verify_and_keep_head(heads_file(), at=dt.datetime.now(dt.UTC))


def heads_file() -> Path:
    """Where heads are kept: beside the database, to be copied where its administrators cannot go.

    A tail that was cut off leaves a chain that holds; only a head kept elsewhere shows it.
    """
    return Path(settings.BUSBAR_HOME) / "journal_heads.jsonl"


def last_kept_head(path: Path) -> str | None:
    """The newest head in the file, None before the first verification."""
    if not path.exists():
        return None
    lines = path.read_text(encoding="utf-8").splitlines()
    return str(json.loads(lines[-1])["head"]) if lines else None


def verify_and_keep_head(path: Path, *, at: dt.datetime) -> str:
    """Verify the chain, with the kept head in it, and keep its new head."""
    found = journal_queries.verify_chain(expected_head=last_kept_head(path))
    if found.broken:
        raise JournalBrokenError(f"第 {found.broken.entry_id} 条：{found.broken.explanation}")
    _keep(path, found, at)
    return f"日志链完好，共 {found.entries} 条"


def _keep(path: Path, found: Verification, at: dt.datetime) -> None:
    line = {"at": at.isoformat(), "entries": found.entries, "head": found.head}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
