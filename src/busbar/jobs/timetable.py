"""What runs at what time of day without anybody asking: rows of django-q2's schedule.

Every line calls a function that is safe to run twice. A line taken out of this file disappears
from the table at the next `busbar migrate`; an operator's own lines, named otherwise, stay.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django_q.models import Schedule

from busbar.kit.periods import CHINA

PREFIX = "busbar."


@dataclass(frozen=True)
class Line:
    """One line: daily at a civil time of China, or every so many minutes.

    `keeps_result` is False where a result every minute would push out those people look for;
    failures are kept always.
    """

    name: str
    function: str
    daily_at: dt.time | None = None
    minutes: int | None = None
    keeps_result: bool = True


TIMETABLE = (
    Line("outbox", "busbar.jobs.outbox.work_off", minutes=1, keeps_result=False),
    Line("notifications", "busbar.jobs.notifications.deliver", minutes=1, keeps_result=False),
    Line("workflow", "busbar.jobs.workflow.tend_processes", minutes=5, keeps_result=False),
    Line("clocks", "busbar.jobs.clocks.climb_ladders", minutes=1, keeps_result=False),
    Line("receivables", "busbar.jobs.payments.raise_receivables", minutes=5, keeps_result=False),
    Line("payments", "busbar.jobs.payments.talk_to_bank", minutes=10, keeps_result=False),
    Line("calendar", "busbar.jobs.calendar.keep_calendar", daily_at=dt.time(0, 30)),
    Line("schemes", "busbar.jobs.connections.lapse_schemes", daily_at=dt.time(0, 40)),
    Line("changes", "busbar.jobs.connections.end_changes", daily_at=dt.time(0, 50)),
    Line("late", "busbar.jobs.payments.charge_late_payments", daily_at=dt.time(6, 0)),
    Line("services", "busbar.jobs.basic_services.raise_due", daily_at=dt.time(5, 30)),
    Line("satisfaction", "busbar.jobs.service_desk.score_all", daily_at=dt.time(5, 0)),
    Line("arrears", "busbar.jobs.arrears.run_day", daily_at=dt.time(6, 30)),
    Line("key_accounts", "busbar.jobs.key_accounts.run_day", daily_at=dt.time(5, 0)),
    # After what is due that day: the changes that end, the month's evaluation.
    Line("closeness", "busbar.jobs.key_accounts.renew_assessments", daily_at=dt.time(5, 45)),
    Line("handovers", "busbar.jobs.handovers.return_handovers", daily_at=dt.time(0, 20)),
    Line("journal", "busbar.jobs.journal.verify_journal", daily_at=dt.time(1, 0)),
    Line("vee", "busbar.jobs.vee.finish_checks", daily_at=dt.time(1, 30)),
    Line("savings", "busbar.jobs.billing.study_savings", minutes=15, keeps_result=False),
    Line("lake", "busbar.jobs.lake.tidy_lake", daily_at=dt.time(2, 0)),
    Line("compared", "busbar.jobs.billing.queue_comparisons", daily_at=dt.time(2, 30)),
    Line("sessions", "busbar.jobs.sessions.clear_expired", daily_at=dt.time(3, 30)),
)


@transaction.atomic
def install_timetable(*, at: dt.datetime) -> list[str]:
    """Bring the schedule in line with the timetable; returns the names that changed.

    A line that stands as it should keeps its next run, so that a restart postpones nothing.
    """
    changed = [line.name for line in TIMETABLE if _install(line, at)]
    names = [f"{PREFIX}{line.name}" for line in TIMETABLE]
    gone = Schedule.objects.filter(name__startswith=PREFIX).exclude(name__in=names)
    changed += [name.removeprefix(PREFIX) for name in gone.values_list("name", flat=True)]
    gone.delete()
    return changed


def first_run(line: Line, at: dt.datetime) -> dt.datetime:
    """The first moment after `at` at which the line is due."""
    if line.daily_at is None:
        return at
    local = at.astimezone(CHINA)
    due = dt.datetime.combine(local.date(), line.daily_at, tzinfo=CHINA)
    return due if due > local else due + dt.timedelta(days=1)


def _install(line: Line, at: dt.datetime) -> bool:
    wanted = {
        "func": line.function,
        "schedule_type": Schedule.MINUTES if line.minutes else Schedule.DAILY,
        "minutes": line.minutes,
        "kwargs": None if line.keeps_result else "q_options={'save': False}",
        "repeats": -1,
    }
    name = f"{PREFIX}{line.name}"
    stands = Schedule.objects.filter(name=name).first()
    if stands and _is_as(stands, wanted, line):
        return False
    Schedule.objects.update_or_create(
        name=name, defaults={**wanted, "next_run": first_run(line, at)}
    )
    return True


def _is_as(stands: Schedule, wanted: dict[str, object], line: Line) -> bool:
    if any(getattr(stands, name) != value for name, value in wanted.items()):
        return False
    due = stands.next_run.astimezone(CHINA)
    return line.daily_at is None or due.time() == line.daily_at
