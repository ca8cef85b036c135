"""An organization's own limits and hours, within the bounds of the rules above it (R7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from django.db import transaction

from busbar.access.models import LEVELS, OrganizationUnit
from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks import queries
from busbar.clocks.hours import PeriodsRefused, parse_week
from busbar.clocks.models import (
    Certainty,
    Clock,
    EscalationRung,
    LimitAdoption,
    LimitRuleSet,
    TimeLimit,
    WorkingHours,
)
from busbar.clocks.rulebook import UNIT_WORDS, LimitFacts, loosens, plain_number
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date

_COPIED = (
    "name", "stage", "amount_unit", "sense", "direction", "binds", "ends_on_working_day",
    "starts_on", "stops_on", "pauses_on", "resumes_on", "extends_on", "cancels_on",
    "applies_when", "parent_codes",
)  # fmt: skip


class UnableToSetLimit(Refusal):
    """The organization may not set this limit so."""


class UnableToAdoptRules(Refusal):
    """The company may not follow this set."""


class UnableToSetHours(Refusal):
    """The hours cannot be kept."""


@transaction.atomic
def set_local_limit(
    *,
    unit: OrganizationUnit,
    code: str,
    amount: Decimal | int,
    reason: str,
    source: str,
    viewer: Viewer,
    at: dt.datetime,
) -> TimeLimit:
    """Tighten the limit that holds above the unit, from the day of `at`; in the same unit of time.

    Refused with the clause above where it would loosen it (R7).
    """
    _require_keeper(viewer, unit)
    journal_operations.take_turn()
    OrganizationUnit.objects.select_for_update().get(pk=unit.pk)
    on = local_date(at)
    row = _above(unit, code, on)
    above = queries.facts_of(row)
    wanted = Decimal(amount)
    _check_tightens(above, wanted, reason, source)
    before = queries.find_limit(code, on=on, unit_path=unit.path).amount
    _end_earlier(unit, row, on)
    local = TimeLimit.objects.create(
        rule_set=row.rule_set,
        unit=unit,
        code=code,
        amount=wanted,
        source=source.strip(),
        certainty=Certainty.LOCAL,
        note=reason.strip(),
        valid_from=on,
        **{name: getattr(row, name) for name in _COPIED},
    )
    _copy_parts(row, local)
    changes = {"code": code, "limit": [before, wanted], "source": source.strip()}
    told = _tell("clocks.limit.set", local.pk, unit, changes, reason)
    journal_operations.record(happening=told, actor=viewer.actor, at=at)
    return local


@transaction.atomic
def adopt_rule_set(
    *,
    unit: OrganizationUnit,
    rule_set: str,
    valid_from: dt.date,
    reason: str,
    source: str,
    viewer: Viewer,
    at: dt.datetime,
) -> LimitAdoption:
    """Let a company, and what is below it, follow a set from a day on.

    Refused for a department, for a set not in force on the day, and, below the top company,
    for a set that would loosen a limit in force above (R7).
    """
    _require_keeper(viewer, unit)
    journal_operations.take_turn()
    found = LimitRuleSet.objects.filter(code=rule_set).first()
    if found is None:
        known = "、".join(row.code for row in queries.list_rule_sets())
        raise queries.NoSuchRuleSet(f"没有规则集“{rule_set}”；已有：{known}")
    _check_adoption(unit, found, valid_from, reason, source)
    adoption, _ = LimitAdoption.objects.update_or_create(
        unit=unit,
        valid_from=valid_from,
        defaults={"rule_set": found, "reason": reason.strip(), "source": source.strip()},
    )
    changes = {"rule_set": rule_set, "valid_from": valid_from, "source": source.strip()}
    told = _tell("clocks.rules.adopted", unit.pk, unit, changes, reason)
    journal_operations.record(happening=told, actor=viewer.actor, at=at)
    return adoption


@transaction.atomic
def set_working_hours(
    *,
    unit: OrganizationUnit,
    periods: Sequence[Sequence[Sequence[str]]],
    valid_from: dt.date,
    viewer: Viewer,
    at: dt.datetime,
    customer_id: int | None = None,
) -> WorkingHours:
    """The hours in which the unit, or one customer of it, works: seven days, Monday first."""
    _require_keeper(viewer, unit)
    try:
        parse_week(periods)
    except PeriodsRefused as refused:
        raise UnableToSetHours(str(refused)) from refused
    journal_operations.take_turn()
    plain = [[list(period) for period in day] for day in periods]
    hours, _ = WorkingHours.objects.update_or_create(
        unit=unit, customer_id=customer_id, valid_from=valid_from, defaults={"periods": plain}
    )
    changes = {"periods": plain, "valid_from": valid_from, "customer_id": customer_id}
    told = _tell("clocks.hours.set", hours.pk, unit, changes)
    journal_operations.record(happening=told, actor=viewer.actor, at=at)
    return hours


def _require_keeper(viewer: Viewer, unit: OrganizationUnit) -> None:
    viewer.require(Permission.ADMINISTER)
    viewer.require_unit(unit.path)


def _above(unit: OrganizationUnit, code: str, on: dt.date) -> TimeLimit:
    """The limit that would hold for the unit if it had none of its own."""
    return queries.find_limit(code, on=on, unit_path=unit.path, without_unit_id=unit.pk)


def _end_earlier(unit: OrganizationUnit, above: TimeLimit, on: dt.date) -> None:
    """The unit's own limit so far ends with the day before; a clock keeps the one it runs by."""
    mine = TimeLimit.objects.filter(unit=unit, code=above.code, rule_set=above.rule_set)
    replaced = mine.filter(valid_from__gte=on)
    if Clock.objects.filter(limit__in=replaced).exists():
        raise UnableToSetLimit(
            "“%(above)s”当日已另定过，并已有计时按它进行；同一天不能再改，请次日再定",
            above=above.name,
        )
    replaced.delete()
    mine.filter(valid_until=None).update(valid_until=on)


def _check_tightens(above: LimitFacts, wanted: Decimal, reason: str, source: str) -> None:
    if wanted <= 0:
        raise UnableToSetLimit("时限应大于零")
    if above.amount_unit not in {"hour", "minute", "working_hour"} and wanted % 1:
        raise UnableToSetLimit("按天、月、年计的时限应为整数")
    if not reason.strip() or not source.strip():
        raise UnableToSetLimit("另定时限须写明理由和依据（文号）")
    if loosens(replace(above, amount=wanted), above):
        figure = f"{plain_number(wanted)} {UNIT_WORDS[above.amount_unit]}"
        if above.sense == "at_most":
            raise UnableToSetLimit(
                "不能延长到 %(figure)s：下级规定只能在上位规则的界限内从严。%(clause)s",
                figure=figure,
                clause=above.clause,
            )
        raise UnableToSetLimit(
            "不能缩短到 %(figure)s：下级规定只能在上位规则的界限内从严。%(clause)s",
            figure=figure,
            clause=above.clause,
        )


def _check_adoption(
    unit: OrganizationUnit, found: LimitRuleSet, on: dt.date, reason: str, source: str
) -> None:
    if unit.kind not in LEVELS:
        raise UnableToAdoptRules("只有省、市、县公司可以选用规则集；%(unit)s是部门", unit=unit)
    if not reason.strip() or not source.strip():
        raise UnableToAdoptRules("选用规则集须写明理由和依据（文号）")
    if on < found.valid_from or (found.valid_until is not None and on >= found.valid_until):
        until = found.valid_until or "今"
        raise UnableToAdoptRules(
            "《%(document)s》在 %(on)s 不施行（%(valid_from)s 至 %(until)s）",
            document=found.document,
            on=on,
            valid_from=found.valid_from,
            until=until,
        )
    if unit.parent is None:
        return
    in_force = queries.limits_in_force(on=on, unit_path=unit.parent.path)
    for row in TimeLimit.objects.filter(rule_set=found, unit=None).select_related("rule_set"):
        above = in_force.get(row.code)
        if above is None or above.amount_unit != row.amount_unit:
            continue  # in unlike units the one above holds on, unless the new one is surely tighter
        above_facts = queries.facts_of(above)
        if loosens(queries.facts_of(row), above_facts):
            raise UnableToAdoptRules(
                "《%(document)s》的“%(row)s”宽于上级现行规定。%(clause)s",
                document=found.document,
                row=row.name,
                clause=above_facts.clause,
            )


def _copy_parts(above: TimeLimit, local: TimeLimit) -> None:
    local.pause_reasons.set(above.pause_reasons.all())
    EscalationRung.objects.bulk_create(
        [
            EscalationRung(
                limit=local,
                order=rung.order,
                moment=rung.moment,
                amount=rung.amount,
                audience=rung.audience,
                words=rung.words,
            )
            for rung in above.rungs.all()
        ]
    )


def _tell(
    event: str,
    subject_id: int,
    unit: OrganizationUnit,
    changes: Mapping[str, object],
    reason: str = "",
) -> Happening:
    return Happening(
        event=event,
        subject_type=event.rsplit(".", 1)[0],
        subject_id=subject_id,
        subject_label=f"{unit} {changes.get('code', '')}".strip(),
        unit_path=unit.path,
        changes=dict(changes),
        reason=reason.strip(),
    )
