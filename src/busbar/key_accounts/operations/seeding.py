"""What ships with the room: rules, industries and figures; safe to repeat."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import models, transaction

from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Happening
from busbar.key_accounts import shipped
from busbar.key_accounts.models import (
    CostRate,
    ImportanceCriterion,
    IndustryClass,
    QualificationKind,
    QualificationRule,
    RecognitionCriterion,
    RecognitionPolicy,
    RefusalReason,
    ServicePackage,
    ServiceStandard,
    SpendBand,
    StageRule,
    WarningRule,
)


@transaction.atomic
def load_recognition_seed(*, at: dt.datetime) -> int:
    """Enter rules of which no version stands; what stands is the office's and left alone."""
    rules = shipped.read("recognition.toml")
    criteria = ({**row, **_numbers(row)} for row in rules["criterion"])
    entered = [
        *enter_missing(RecognitionPolicy, "category", rules["policy"]),
        *enter_missing(RecognitionCriterion, "code", criteria),
        *enter_missing(ImportanceCriterion, "code", rules["importance"]),
        *enter_missing(IndustryClass, "code", _industries()),
        *_segments(),
        *_stages(),
    ]
    tell_loaded(entered, at)
    return len(entered)


@transaction.atomic
def load_managers_seed(*, at: dt.datetime) -> int:
    """Enter reasons of refusal, standards and qualifications of which no version stands."""
    qualifications = shipped.read("qualifications.toml")
    entered = [
        *enter_missing(RefusalReason, "code", shipped.read("refusal_reasons.toml")["reason"]),
        *enter_missing(ServiceStandard, "code", shipped.read("standards.toml")["standard"]),
        *enter_missing(QualificationKind, "code", qualifications["kind"]),
        *enter_missing(QualificationRule, "grade", qualifications["rule"]),
    ]
    tell_loaded(entered, at)
    return len(entered)


def _segments() -> list[str]:
    file = shipped.read("segments.toml")
    bands = ({**row, "from_yuan": Decimal(row["from_yuan"])} for row in file["band"])
    return [
        *enter_missing(SpendBand, "code", bands),
        *enter_missing(ServicePackage, "code", file["package"]),
    ]


def _stages() -> list[str]:
    stages, costs = shipped.read("stages.toml"), shipped.read("costs.toml")
    names = ("at_least", "at_most")
    rates = ("yuan_per_kwh", "yuan_per_hour")
    return [
        *enter_missing(StageRule, "code", _dated(stages, "stage", names)),
        *enter_missing(WarningRule, "code", _dated(stages, "warning", names)),
        *enter_missing(CostRate, "code", _dated(costs, "cost", rates)),
    ]


def _dated(file: dict[str, Any], kind: str, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """The file's rows of a kind, with its common validity and source; numbers exact."""
    return [
        {**file["seed"], **row, **{n: Decimal(row[n]) for n in names if n in row}}
        for row in file[kind]
    ]


def enter_missing(model: type[models.Model], key: str, rows: Iterable[dict[str, Any]]) -> list[str]:
    """Rows whose key has no version yet; returns the keys."""
    everyone = model._default_manager  # noqa: SLF001 - Django's documented way to rows
    known = set(everyone.values_list(key, flat=True))
    new = [model(**row) for row in rows if row[key] not in known]
    everyone.bulk_create(new)
    return [str(getattr(row, key)) for row in new]


def tell_loaded(keys: list[str], at: dt.datetime) -> None:
    """One entry for what was entered, none where nothing was."""
    if keys:
        happening = Happening(
            event="key_accounts.seed.loaded",
            subject_type="key_accounts.seed",
            subject_id=0,
            changes={"rules": keys},
        )
        journal_operations.record(happening=happening, actor=SYSTEM, at=at)


def _numbers(row: dict[str, Any]) -> dict[str, Decimal]:
    return {name: Decimal(row[name]) for name in ("enter_at", "leave_at") if name in row}


def _industries() -> list[dict[str, Any]]:
    file = shipped.read("industries.toml")
    sections = [
        {"code": code, "section": code, **row, **file["seed"]}
        for code, row in file["sections"].items()
    ]
    return sections + [
        {"code": code, **row, **file["seed"]} for code, row in file["divisions"].items()
    ]
