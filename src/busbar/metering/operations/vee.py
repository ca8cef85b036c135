"""Validating curves and estimating what is lacking, a month or a delivery at a time (R20).

Points are taken in batches. A batch is judged as the lake stood when the check began, so that a
check that was stopped comes to the same judgement again: the lake knows its commit by the key,
and findings and progress are one transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import Month
from busbar.metering import lake
from busbar.metering.circumstances import ONE_DAY, Key, Keys
from busbar.metering.estimating import Outcome, judge
from busbar.metering.judging import SOURCE, Surroundings, read_days
from busbar.metering.models import CheckState, CurveCheck, LakeCommit
from busbar.metering.operations.curves import note_commit
from busbar.metering.operations.vee_days import days_to_judge
from busbar.metering.operations.vee_findings import keep_findings
from busbar.metering.operations.vee_rules import rules_in_force
from busbar.metering.queries import lake_root
from busbar.metering.vee import Rule

DAYS_A_BATCH = 12_800
"""Day curves that are judged together: what one batch holds in memory."""

_A_WEEK = dt.timedelta(days=7)
PricesOf = Callable[[Iterable[int]], Mapping[int, Decimal]]
"""Account ids to yuan a kWh, handed in by whoever may know bills."""


class UnableToValidate(Refusal):
    """The curves cannot be validated."""


@dataclass(frozen=True)
class _Work:
    """What all batches of a check share."""

    check: CurveCheck
    rules: list[Rule]
    around: Surroundings
    most_linear: int
    prices: PricesOf
    by: Viewer
    at: dt.datetime


def validate_month(
    *,
    month: Month,
    prices: PricesOf,
    by: Viewer,
    at: dt.datetime,
    progress: Callable[[int], None] | None = None,
) -> CurveCheck:
    """Validate every usage point's days of a month, up to yesterday, as the lake stands now.

    A day without any curve counts as missing where a meter hung. Run again after a stop, it
    goes on; run again over the same curves, it finds the same and writes nothing.
    """
    base = lake.current_version(lake_root())
    standing = CurveCheck.objects.filter(key__startswith=f"month:{month}@", state="running")
    check = standing.order_by("id").first() or _begin(f"month:{month}@{base}", month, 0, base, at)
    return _run(check, prices=prices, by=by, at=at, progress=progress)


def validate_commit(
    *, lake_commit: LakeCommit, prices: PricesOf, by: Viewer, at: dt.datetime
) -> list[CurveCheck]:
    """Validate the days that one delivery brought, as it left them; safe to run twice."""
    version = lake_commit.lake_version
    months = lake.list_months(lake_root())
    checks = []
    for month in months:
        changed = lake.list_changed(lake_root(), month, after=version - 1, until=version)
        if changed.num_rows:
            key = f"commit:{lake_commit.pk}:{month}"
            check = _begin(key, Month.parse(month), version - 1, version, at)
            checks.append(_run(check, prices=prices, by=by, at=at, progress=None))
    return checks


def validate_facts(
    *,
    key: str,
    usage_point_ids: Sequence[int] | None,
    first: dt.date,
    last: dt.date,
    prices: PricesOf,
    by: Viewer,
    at: dt.datetime,
) -> list[CurveCheck]:
    """Validate again the days (None: of every point) of which something new is known.

    Outages that came after the curves turn their gaps to nought, registers that came after
    them give estimates their sum. `key` names what came; safe to run twice.
    """
    base = lake.current_version(lake_root())
    checks = []
    scope = {"points": usage_point_ids, "first": str(first), "last": str(last)}
    for text in lake.list_months(lake_root()):
        month = Month.parse(text)
        if month.first <= last and first < month.period.end:
            check = _begin(f"{key}:{month}", month, 0, base, at, scope)
            checks.append(_run(check, prices=prices, by=by, at=at, progress=None))
    return checks


def validate_absent(
    *, today: dt.date, prices: PricesOf, by: Viewer, at: dt.datetime
) -> list[CurveCheck]:
    """Judge the days on which a meter hung and nothing came, once late deliveries had their time.

    Of this month and, in its first week, of the one before. A delivery that comes later still
    supersedes what was estimated. Safe to run twice.
    """
    until = today - dt.timedelta(days=_missing_figures(rules_in_force())["wait_days"])
    base = lake.current_version(lake_root())
    months = {Month.of(until - ONE_DAY), Month.of(until - _A_WEEK)}
    checks = []
    for month in sorted(months, key=str):
        scope = {"absent_until": str(until)}
        probe = CurveCheck(month=str(month), after_version=0, base_version=base, scope=scope)
        if days_to_judge(probe):
            check = _begin(f"absent:{month}@{until}", month, 0, base, at, scope)
            checks.append(_run(check, prices=prices, by=by, at=at, progress=None))
    return checks


def resume_check(*, check: CurveCheck, prices: PricesOf, by: Viewer, at: dt.datetime) -> CurveCheck:
    """Go on with a check that was stopped; a finished one stays as it is."""
    return _run(check, prices=prices, by=by, at=at, progress=None)


def _begin(
    key: str,
    month: Month,
    after: int,
    base: int,
    at: dt.datetime,
    scope: Mapping[str, object] | None = None,
) -> CurveCheck:
    check, _is_new = CurveCheck.objects.get_or_create(
        key=key,
        defaults={
            "month": str(month),
            "after_version": after,
            "base_version": base,
            "scope": dict(scope or {}),
            "state": CheckState.RUNNING,
            "started_at": at,
        },
    )
    return check


def _run(
    check: CurveCheck,
    *,
    prices: PricesOf,
    by: Viewer,
    at: dt.datetime,
    progress: Callable[[int], None] | None,
) -> CurveCheck:
    if check.state == CheckState.FINISHED:
        return check
    work = _work(check, prices, by, at)
    for batch in _batches(check):
        _validate_batch(work, batch)
        if progress is not None:
            progress(check.days_checked)
    check.state, check.finished_at = CheckState.FINISHED, at
    with transaction.atomic():
        check.save(update_fields=["state", "finished_at"])
        _record(check, by, at)
    return check


def _work(check: CurveCheck, prices: PricesOf, by: Viewer, at: dt.datetime) -> _Work:
    rules = rules_in_force()
    figures = _missing_figures(rules)
    around = Surroundings(
        figures["within_days"], figures["similar_days"], figures["longest_points"]
    )
    return _Work(check, rules, around, figures["linear_points"], prices, by, at)


def _missing_figures(rules: list[Rule]) -> dict[str, int]:
    """What estimates go by."""
    filling = next((rule for rule in rules if rule.code == "missing"), None)
    if filling is None:
        raise UnableToValidate("规则“缺失”未启用，没有补值的参数")
    return {name: int(value) for name, value in filling.figures.items()}


def _batches(check: CurveCheck) -> Iterator[Keys]:
    """The days to judge, whole points at a time, from where the check stopped."""
    days = days_to_judge(check)
    batch = Keys()
    for point in sorted(point for point in days if point >= check.next_point):
        if batch and len(batch) + len(days[point]) > DAYS_A_BATCH:
            yield batch
            batch = Keys()
        batch += [Key(point, day) for day in days[point]]
    if batch:
        yield batch


def _validate_batch(work: _Work, keys: Keys) -> None:
    judged = read_days(keys, work.around, as_of=work.check.base_version)
    outcome = judge(judged, work.rules, most_linear=work.most_linear)
    done = _write(work, outcome, first=keys[0].point)
    prices = work.prices(set(judged.account_ids.values()))
    check = work.check
    with transaction.atomic():
        if done is not None:
            told = {"rules": sorted({hit.rule for hit in outcome.hits}), "check": check.key}
            note_commit(
                done, outcome.curves, f"校验补值 {check.month}", told,
                event="metering.curves.estimated", by=work.by, at=work.at,
            )  # fmt: skip
        kept = keep_findings(
            judged, outcome, prices, written=done.version if done else None, at=work.at
        )
        check.next_point = keys[-1].point + 1
        check.days_checked += len(keys)
        check.findings += kept
        check.intervals_estimated += outcome.intervals_estimated
        check.save()


def _write(work: _Work, outcome: Outcome, *, first: int) -> lake.LakeCommit | None:
    if not outcome.curves.num_rows:
        return None
    return lake.append_curves(
        lake_root(),
        outcome.curves,
        commit_key=f"vee:{work.check.key}:{first}",
        at=work.at,
        source=SOURCE,
        made_from=work.check.base_version,
    )


def _record(check: CurveCheck, by: Viewer, at: dt.datetime) -> None:
    happening = Happening(
        event="metering.curve_check.finished",
        subject_type="metering.curve_check",
        subject_id=check.pk,
        subject_label=check.key,
        unit_path=by.unit_path,
        changes={
            "month": check.month,
            "days": check.days_checked,
            "findings": check.findings,
            "intervals_estimated": check.intervals_estimated,
        },
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
