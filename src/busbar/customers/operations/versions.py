"""The next version of a threshold, or of an item that a file should hold (R39)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, TypeVar

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.clocks.models import Certainty
from busbar.customers.models import CompletenessRule, ConsolidationFigure
from busbar.customers.queries.figures import get_figures, in_force
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal
from busbar.kit.money import plain
from busbar.kit.periods import local_date

Row = TypeVar("Row", ConsolidationFigure, CompletenessRule)

_BOUNDS = {
    "join_bits": (Decimal(-50), Decimal(100)),
    "ask_bits": (Decimal(-50), Decimal(100)),
    "margin_bits": (Decimal(0), Decimal(100)),
    "own_training": (Decimal(1_000), Decimal(100_000_000)),
}
"""Between which a figure makes sense: 100 bits is a certainty no archive gives."""
_HEAVIEST = 100


class UnableToSetArchiveRule(Refusal):
    """The figure or item cannot be set so."""


@transaction.atomic
def set_consolidation_figure(
    *,
    code: str,
    value: Decimal,
    valid_from: dt.date,
    source: str,
    by: Viewer,
    at: dt.datetime,
) -> ConsolidationFigure:
    """A figure's next version; the one in force ends the day it begins. Runs keep their own."""
    old = _current(ConsolidationFigure, code, valid_from, by=by, at=at)
    low, high = _BOUNDS.get(code, (Decimal(0), Decimal(100_000_000)))
    if not low <= value <= high:
        raise UnableToSetArchiveRule(
            "“%(name)s”应在 %(low)s 至 %(high)s 之间", name=old.name, low=low, high=high
        )
    if value != round(value, 3):
        raise UnableToSetArchiveRule("数值至多三位小数")
    new = _succeed(old, {"value": value}, valid_from, source, by=by, at=at)
    _check_order(valid_from)
    return new


@transaction.atomic
def set_completeness_rule(
    *,
    code: str,
    weight: int,
    valid_from: dt.date,
    source: str,
    by: Viewer,
    at: dt.datetime,
) -> CompletenessRule:
    """What an item weighs from a day on; 0 takes it out of the score."""
    old = _current(CompletenessRule, code, valid_from, by=by, at=at)
    if not 0 <= weight <= _HEAVIEST:
        raise UnableToSetArchiveRule("权重应在 0 至 %(high)s 之间", high=_HEAVIEST)
    others = in_force(CompletenessRule, valid_from).exclude(code=code)
    if not weight and not others.filter(weight__gt=0).exists():
        raise UnableToSetArchiveRule("至少有一项资料的权重大于零")
    return _succeed(old, {"weight": weight}, valid_from, source, by=by, at=at)


def _current(
    model: type[Row], code: str, valid_from: dt.date, *, by: Viewer, at: dt.datetime
) -> Row:
    by.require(Permission.KEEP_ARCHIVE_RULES)
    journal_operations.take_turn()
    if valid_from < local_date(at):
        raise UnableToSetArchiveRule("新版本应自今天或以后的一天生效")
    old: Row | None = in_force(model, valid_from).filter(code=code).order_by("-valid_from").first()
    if old is None:
        raise UnableToSetArchiveRule(
            "%(day)s 没有生效的参数“%(code)s”", day=valid_from.isoformat(), code=code
        )
    return old


def _succeed(
    old: Row,
    figures: dict[str, Any],
    valid_from: dt.date,
    source: str,
    *,
    by: Viewer,
    at: dt.datetime,
) -> Row:
    """The version from the day on; one that has not begun yet is written over."""
    if not source.strip():
        raise UnableToSetArchiveRule("请写明依据（文件名、文号或会议纪要）")
    before = {name: getattr(old, name) for name in figures}
    if before == figures:
        raise UnableToSetArchiveRule("没有任何改动")
    values = {**figures, "source": source.strip()[:300], "certainty": Certainty.LOCAL}
    if old.valid_from == valid_from and valid_from > local_date(at):
        new = old
    elif old.valid_from >= valid_from:
        raise UnableToSetArchiveRule(
            "现行版本自 %(day)s 生效，新版本应晚于这一天", day=old.valid_from.isoformat()
        )
    else:
        new = type(old)(code=old.code, name=old.name, valid_until=old.valid_until)
        new.valid_from = old.valid_until = valid_from
        old.save(update_fields=["valid_until"])
    for name, value in values.items():
        setattr(new, name, value)
    new.save()
    _tell(new, before, figures, source, by=by, at=at)
    return new


def _tell(
    new: Row,
    before: dict[str, Any],
    after: dict[str, Any],
    source: str,
    *,
    by: Viewer,
    at: dt.datetime,
) -> None:
    happening = Happening(
        event="customers.archive_rule.versioned",
        subject_type="customers.archive_rule",
        subject_id=new.pk,
        subject_label=new.name,
        unit_path=by.unit_path,
        changes={
            **{name: [_plain(before[name]), _plain(value)] for name, value in after.items()},
            "valid_from": new.valid_from.isoformat(),
        },
        reason=source.strip(),
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)


def _plain(value: object) -> object:
    return plain(value) if isinstance(value, Decimal) else value


def _check_order(valid_from: dt.date) -> None:
    """From that day on, through every later version, a person is asked below the join by itself."""
    later = ConsolidationFigure.objects.filter(valid_from__gt=valid_from)
    for day in [valid_from, *later.values_list("valid_from", flat=True)]:
        figures = get_figures(day)
        if figures["ask_bits"] > figures["join_bits"]:
            raise UnableToSetArchiveRule(
                "%(day)s 起，提交复核的门槛（%(ask)s）高于自动归并的门槛（%(join)s）",
                day=day.isoformat(),
                ask=_plain(figures["ask_bits"]),
                join=_plain(figures["join_bits"]),
            )
