"""Validation of readings without anybody asking: after each delivery, and every night."""

from __future__ import annotations

import datetime as dt

from django_q.tasks import async_task

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.newest_prices import map_newest_prices, prices_at
from busbar.journal.models import Entry
from busbar.kit.periods import local_date
from busbar.metering import operations as metering_operations
from busbar.metering.models import CheckState, CurveCheck, LakeCommit


def queue_check(entry: Entry) -> None:
    """Queue the validation of what a delivery brought."""
    async_task("busbar.jobs.vee.validate_commit", entry.subject_id, group=f"vee {entry.subject_id}")


def validate_commit(commit_id: int) -> str:
    """Validate one delivery; the sentence is the task's result. Safe to run twice."""
    return validate_commit_at(commit_id, at=dt.datetime.now(dt.UTC))


def validate_commit_at(commit_id: int, *, at: dt.datetime) -> str:
    """Run `validate_commit` at a moment."""
    commit = LakeCommit.objects.get(pk=commit_id)
    checks = metering_operations.validate_commit(
        lake_commit=commit, prices=prices_at(at), by=SYSTEM_VIEWER, at=at
    )
    return _told(checks)


FACT_PREFIXES = (
    "metering.registers.stored",
    "metering.power_off.stored",
    "metering.clock_checks.stored",
)


def queue_facts(entry: Entry) -> None:
    """Queue the validation of days of which something new is known."""
    async_task("busbar.jobs.vee.validate_facts", entry.pk, group=f"facts {entry.pk}")


def validate_facts(entry_id: int) -> str:
    """Validate the days that a journal entry names. Safe to run twice."""
    return validate_facts_at(entry_id, at=dt.datetime.now(dt.UTC))


def validate_facts_at(entry_id: int, *, at: dt.datetime) -> str:
    """Run `validate_facts` at a moment."""
    entry = Entry.objects.get(pk=entry_id)
    if "first_day" not in entry.changes:
        return "没有写明日期"  # entries of before the days were named
    checks = metering_operations.validate_facts(
        key=f"facts:{entry.pk}",
        usage_point_ids=entry.changes["usage_point_ids"],
        first=dt.date.fromisoformat(entry.changes["first_day"]),
        last=dt.date.fromisoformat(entry.changes["last_day"]),
        prices=prices_at(at),
        by=SYSTEM_VIEWER,
        at=at,
    )
    return _told(checks)


def finish_checks() -> str:
    """Nightly: days that never came, checks that a stop left open, stakes at newer prices."""
    return finish_checks_at(at=dt.datetime.now(dt.UTC))


def finish_checks_at(*, at: dt.datetime) -> str:
    """Run `finish_checks` at a moment."""
    running = CurveCheck.objects.filter(state=CheckState.RUNNING).order_by("id")
    checks = [
        metering_operations.resume_check(check=check, prices=prices_at(at), by=SYSTEM_VIEWER, at=at)
        for check in running
    ]
    checks += metering_operations.validate_absent(
        today=local_date(at), prices=prices_at(at), by=SYSTEM_VIEWER, at=at
    )
    prices = map_newest_prices(None, on=local_date(at))
    restated = metering_operations.restate_stakes(prices=prices)
    return f"{_told(checks)}，按新电价改 {restated} 项"


def _told(checks: list[CurveCheck]) -> str:
    days = sum(check.days_checked for check in checks)
    found = sum(check.findings for check in checks)
    filled = sum(check.intervals_estimated for check in checks)
    return f"校验 {days} 条日曲线，新发现 {found} 项，补值 {filled} 点"
