"""Editing the rules: a change is a version from a day on; what was judged by stays (N1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from django.db import transaction
from django.forms.models import model_to_dict

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.key_accounts.models import (
    BasicService,
    CostRate,
    RecognitionCriterion,
    RecognitionPolicy,
    SpendBand,
    StageRule,
    WarningRule,
)
from busbar.key_accounts.queries.rules import in_force
from busbar.kit.errors import Refusal
from busbar.pricing.models import Certainty, SourcedModel

Rule = TypeVar("Rule", bound=SourcedModel)

FIGURES: dict[str, tuple[type[SourcedModel], tuple[str, ...]]] = {
    "stage": (StageRule, ("at_least", "at_most")),
    "warning": (WarningRule, ("at_least", "at_most")),
    "cost": (CostRate, ("yuan_per_kwh", "yuan_per_hour", "minutes_per_task")),
    "band": (SpendBand, ("from_yuan",)),
    "service": (BasicService, ("every_days", "due_days")),
}
"""What else is set by versions: the rows of a kind, and which of their figures."""


_MOST_DAYS = 3650
"""Ten years: whoever types more has mistaken the unit."""


class UnableToSetRule(Refusal):
    """The rule cannot be set so."""


@transaction.atomic
def set_criterion(
    *,
    code: str,
    points: int,
    valid_from: dt.date,
    source: str,
    enter_at: Decimal | None = None,
    leave_at: Decimal | None = None,
    values: Sequence[str] = (),
    by: Viewer,
    at: dt.datetime,
) -> RecognitionCriterion:
    """A criterion's next version; the one in force ends the day it begins."""
    by.require(Permission.ADOPT_KEY_ACCOUNTS)
    journal_operations.take_turn()
    old = in_force(RecognitionCriterion.objects.filter(code=code), valid_from).first()
    if old is None:
        raise UnableToSetRule(
            "%(valid_from)s 没有生效的认定条件“%(code)s”", valid_from=valid_from, code=code
        )
    _check_criterion(old, enter_at, leave_at, values)
    figures = {"points": points, "enter_at": enter_at, "leave_at": leave_at, "values": list(values)}
    return _succeed(old, figures, valid_from=valid_from, source=source, by=by, at=at)


def _check_criterion(
    old: RecognitionCriterion,
    enter_at: Decimal | None,
    leave_at: Decimal | None,
    values: Sequence[str],
) -> None:
    if old.enter_at is None:
        if not values:
            raise UnableToSetRule("“%(old)s”按代码认定，请至少写一个代码", old=old.name)
        return
    if enter_at is None or leave_at is None:
        raise UnableToSetRule("“%(old)s”须写明进入值与保留值", old=old.name)
    if leave_at > enter_at:
        raise UnableToSetRule(
            "保留值 %(leave_at)s 不能高于进入值 %(enter_at)s，否则名单会来回变动",
            leave_at=leave_at,
            enter_at=enter_at,
        )


@transaction.atomic
def set_policy(
    *,
    category: str,
    points_to_enter: int,
    points_to_stay: int,
    min_stay_months: int,
    valid_from: dt.date,
    source: str,
    by: Viewer,
    at: dt.datetime,
) -> RecognitionPolicy:
    """A category's next policy; the one in force ends the day it begins."""
    by.require(Permission.ADOPT_KEY_ACCOUNTS)
    journal_operations.take_turn()
    old = in_force(RecognitionPolicy.objects.filter(category=category), valid_from).first()
    if old is None:
        raise UnableToSetRule(
            "%(valid_from)s 没有生效的认定办法“%(category)s”",
            valid_from=valid_from,
            category=category,
        )
    if points_to_stay > points_to_enter:
        raise UnableToSetRule("保留分不能高于进入分，否则名单会来回变动")
    figures = {
        "points_to_enter": points_to_enter,
        "points_to_stay": points_to_stay,
        "min_stay_months": min_stay_months,
    }
    return _succeed(old, figures, valid_from=valid_from, source=source, by=by, at=at)


@transaction.atomic
def set_figures(
    *,
    kind: str,
    code: str,
    figures: Mapping[str, Decimal],
    valid_from: dt.date,
    source: str,
    by: Viewer,
    at: dt.datetime,
) -> SourcedModel:
    """The next version of a stage or warning rule, a cost rate, a spend band, a basic service.

    Which figures a row has stays as it is: each of them is given, and no other.
    """
    by.require(Permission.ADOPT_KEY_ACCOUNTS)
    journal_operations.take_turn()
    if kind not in FIGURES:
        raise UnableToSetRule("没有“%(kind)s”这类参数", kind=kind)
    model, names = FIGURES[kind]
    rows = in_force(model._default_manager.all(), valid_from)  # noqa: SLF001 - Django's way to rows
    old = next((row for row in rows if getattr(row, "code", "") == code), None)
    if old is None:
        raise UnableToSetRule(
            "%(valid_from)s 没有生效的参数“%(code)s”", valid_from=valid_from, code=code
        )
    held = {name for name in names if getattr(old, name) is not None}
    if set(figures) != held:
        raise UnableToSetRule("“%(old)s”须给出且只给出 %(count)s 个数值", old=old, count=len(held))
    if kind in {"cost", "band"} and any(value < 0 for value in figures.values()):
        raise UnableToSetRule("数值不能小于零")
    if kind == "service":
        _check_days(figures)
    return _succeed(old, dict(figures), valid_from=valid_from, source=source, by=by, at=at)


def _check_days(figures: Mapping[str, Decimal]) -> None:
    if any(value != int(value) or value < 1 or value > _MOST_DAYS for value in figures.values()):
        raise UnableToSetRule("频次和办理期限是 1 至 %(most)s 的整天数", most=_MOST_DAYS)


def _succeed(
    old: Rule,
    figures: dict[str, Any],
    *,
    valid_from: dt.date,
    source: str,
    by: Viewer,
    at: dt.datetime,
) -> Rule:
    """The next version beside the old one, which ends; a version of the same day is refused."""
    if not source.strip():
        raise UnableToSetRule("请写明依据（文件名、文号或会议纪要）")
    if old.valid_from >= valid_from:
        raise UnableToSetRule(
            "现行版本自 %(valid_from)s 生效，新版本应晚于这一天", valid_from=old.valid_from
        )
    kept = model_to_dict(old, exclude=["id"])
    before = {name: kept[name] for name in figures}
    old_until = old.valid_until
    old.valid_until = valid_from
    old.save(update_fields=["valid_until"])
    changed = {
        **kept,
        **figures,
        "valid_from": valid_from,
        "valid_until": old_until,
        "source": source.strip(),
        "certainty": Certainty.LOCAL,
    }
    new = type(old)._default_manager.create(**changed)  # noqa: SLF001 - Django's way to rows
    happening = Happening(
        event="key_accounts.rule.versioned",
        subject_type="key_accounts.rule",
        subject_id=new.pk,
        subject_label=str(new),
        changes={
            name: [_plain(before[name]), _plain(value)]
            for name, value in figures.items()
            if before[name] != value
        },
        reason=source.strip(),
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    return new


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Decimal) else value
