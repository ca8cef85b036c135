"""Which days a check judges: what was delivered, what ought to have been, what is told anew."""

from __future__ import annotations

import datetime as dt

from busbar.kit.periods import Month, local_date
from busbar.metering import lake
from busbar.metering.circumstances import ONE_DAY
from busbar.metering.models import CurveCheck, MeterInstallation
from busbar.metering.queries import lake_root

_Days = dict[int, set[dt.date]]


def days_to_judge(check: CurveCheck) -> dict[int, list[dt.date]]:
    """Days by usage point, as the lake stood at the check's base."""
    until = check.scope.get("absent_until")
    if until is not None:
        found = _absent(check, dt.date.fromisoformat(until), _delivered(check))
    else:
        found = _delivered(check)
        if check.after_version == 0 and not check.scope:
            today = local_date(check.started_at)  # of the first start: a second does the same
            for point, days in _absent(check, today, found).items():
                found.setdefault(point, set()).update(days)
    return {point: sorted(days) for point, days in found.items()}


def _delivered(check: CurveCheck) -> _Days:
    """Days with a curve that is newer than what the check comes after, within its scope."""
    scope = check.scope
    changed = lake.list_changed(
        lake_root(),
        check.month,
        after=check.after_version,
        until=check.base_version,
        usage_point_ids=scope.get("points"),
    )
    first, last = scope.get("first", ""), scope.get("last", "9")
    found: _Days = {}
    keys = zip(changed["usage_point_id"].to_pylist(), changed["day"].to_pylist(), strict=True)
    for point, day in keys:
        if first <= str(day) <= last:
            found.setdefault(point, set()).add(day)
    return found


def _absent(check: CurveCheck, until: dt.date, delivered: _Days) -> _Days:
    """Days before `until` on which a meter hung and nothing came.

    Only of points that delivered anything in the month or the one before: others are not read.
    """
    month = Month.parse(check.month)
    before = lake.list_changed(lake_root(), month.previous, after=0, until=check.base_version)
    read = delivered.keys() | set(before["usage_point_id"].to_pylist())
    end = min(month.period.end, until)
    rows = MeterInstallation.objects.filter(installed_on__lt=end).exclude(
        removed_on__lte=month.first
    )
    found: _Days = {}
    for point, since, gone in rows.values_list("usage_point_id", "installed_on", "removed_on"):
        if point not in read:
            continue
        day, last = max(since, month.first), min(end, gone or end)
        hung = {day + n * ONE_DAY for n in range((last - day).days)}
        if lacking := hung - delivered.get(point, set()):
            found.setdefault(point, set()).update(lacking)
    return found
