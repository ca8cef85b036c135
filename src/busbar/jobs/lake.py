"""Upkeep of the interval lake: many small files of a month become one sorted file."""

from __future__ import annotations

from django_q.models import OrmQ
from django_q.tasks import async_task

from busbar.journal.models import Entry
from busbar.metering import lake
from busbar.metering import queries as metering_queries
from busbar.metering.lake.storage import read_snapshot

MANY_FILES = 8
"""Files of one month from which reading slows enough not to wait for the night."""


def note_touched_months(entry: Entry) -> None:
    """Queue the compaction of the months that an import left in many files."""
    for month in entry.changes.get("months", []):
        if count_files(month) >= MANY_FILES and not _is_queued(month):
            async_task("busbar.jobs.lake.compact_month", month, group=_group(month))


def compact_month(month: str) -> str:
    """Rewrite the month sorted, if it is not; the sentence is the task's result."""
    done = lake.compact_month(metering_queries.lake_root(), month)
    if not done.rewritten:
        return f"{month}：已是整理好的"
    return f"{month}：{done.files_before} 个文件整理为 {done.files_after} 个"


def tidy_lake() -> str:
    """Nightly: put every month in order, then free the files that no snapshot needs."""
    root = metering_queries.lake_root()
    months = lake.list_months(root)
    rewritten = [month for month in months if lake.compact_month(root, month).rewritten]
    freed = lake.vacuum(root) if months else []
    return f"整理 {len(rewritten)} 个月份，释放 {len(freed)} 个文件"


def count_files(month: str) -> int:
    """Live files of the month that are read for its latest values."""
    files = read_snapshot(metering_queries.lake_root()).in_month(month)
    return sum(not file.is_superseded for file in files)


def _group(month: str) -> str:
    return f"lake {month}"


def _is_queued(month: str) -> bool:
    return any(task.task.get("group") == _group(month) for task in OrmQ.objects.all())
