"""What ships with the room: weights of evidence, figures of the formula, the questionnaire."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Happening
from busbar.kit.errors import Refusal
from busbar.kit.periods import local_date
from busbar.service_desk.models import (
    EvidenceKind,
    EvidenceRule,
    Questionnaire,
    SatisfactionParameter,
    SurveyQuestion,
)

SEED = Path(__file__).resolve().parent.parent / "seed" / "satisfaction.toml"
RULE = "service_desk.rule"


class UnableToSetRule(Refusal):
    """A figure of the index cannot stand so."""


@transaction.atomic
def load_satisfaction_seed(*, at: dt.datetime) -> int:
    """Enter what has no version yet; what stands is the office's own and is left alone."""
    seed = tomllib.loads(SEED.read_text(encoding="utf-8"))
    every = seed["all"]
    loaded = _load_evidence(seed["evidence"], every) + _load_parameters(seed["parameter"], every)
    for entry in seed["questionnaire"]:
        loaded += _load_questionnaire(entry, every)
    if loaded:
        happening = Happening(
            event="service_desk.seed.loaded",
            subject_type="service_desk.seed",
            subject_id=0,
            changes={"rows": loaded},
        )
        journal_operations.record(happening=happening, actor=SYSTEM, at=at)
    return loaded


@transaction.atomic
def set_evidence_rule(
    *,
    kind: EvidenceKind | str,
    score: Decimal | None,
    weight: Decimal,
    half_life_days: int,
    valid_from: dt.date,
    source: str,
    by: Viewer,
    at: dt.datetime,
) -> EvidenceRule:
    """The office's own weight of a kind of evidence, from a day to come on."""
    by.require(Permission.ADMINISTER)
    _check_new(valid_from, source, at)
    if weight <= 0 or half_life_days <= 0:
        raise UnableToSetRule("权重和半衰期须大于 0")
    if kind != EvidenceKind.SURVEY and (score is None or not 0 <= score <= 100):  # noqa: PLR2004 - a percentage
        raise UnableToSetRule("得分须在 0 到 100 之间")
    before = EvidenceRule.objects.filter(kind=kind).order_by("-valid_from").first()
    if before is None or EvidenceRule.objects.filter(kind=kind, valid_from=valid_from).exists():
        raise UnableToSetRule("没有这类证据，或当日已有一版")
    row = EvidenceRule.objects.create(
        kind=EvidenceKind(kind),
        voice=before.voice,
        score=None if kind == EvidenceKind.SURVEY else score,
        weight=weight,
        half_life_days=half_life_days,
        valid_from=valid_from,
        source=source.strip()[:300],
        certainty="unverified",
    )
    _tell_set(str(row), row.pk, {"weight": weight, "valid_from": valid_from}, source, by, at)
    return row


@transaction.atomic
def set_parameter(
    *,
    code: str,
    value: Decimal,
    valid_from: dt.date,
    source: str,
    by: Viewer,
    at: dt.datetime,
) -> SatisfactionParameter:
    """The office's own figure of the formula, from a day to come on."""
    by.require(Permission.ADMINISTER)
    _check_new(valid_from, source, at)
    rows = SatisfactionParameter.objects.filter(code=code)
    before = rows.order_by("-valid_from").first()
    if before is None or rows.filter(valid_from=valid_from).exists():
        raise UnableToSetRule("没有这个参数，或当日已有一版")
    if value <= 0:
        raise UnableToSetRule("%(before)s须大于 0", before=before.name)
    row = SatisfactionParameter.objects.create(
        code=code,
        name=before.name,
        value=value,
        valid_from=valid_from,
        source=source.strip()[:300],
        certainty="unverified",
    )
    _tell_set(row.name, row.pk, {"value": value, "valid_from": valid_from}, source, by, at)
    return row


def _check_new(valid_from: dt.date, source: str, at: dt.datetime) -> None:
    if valid_from <= local_date(at):
        raise UnableToSetRule("只能从明天起改：已经算出的分数按当时的规则")
    if not source.strip():
        raise UnableToSetRule("请写明依据")


def _tell_set(
    label: str, pk: int, changes: dict[str, Any], source: str, by: Viewer, at: dt.datetime
) -> None:
    happening = Happening(
        event="service_desk.rule.set",
        subject_type=RULE,
        subject_id=pk,
        subject_label=label,
        changes=changes,
        reason=source.strip()[:300],
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)


def _load_evidence(entries: list[dict[str, Any]], every: dict[str, Any]) -> int:
    known = set(EvidenceRule.objects.values_list("kind", flat=True))
    rows = [EvidenceRule(**every, **entry) for entry in entries if entry["kind"] not in known]
    return len(EvidenceRule.objects.bulk_create(rows))


def _load_parameters(entries: list[dict[str, Any]], every: dict[str, Any]) -> int:
    known = set(SatisfactionParameter.objects.values_list("code", flat=True))
    rows = [
        SatisfactionParameter(**every, **entry) for entry in entries if entry["code"] not in known
    ]
    return len(SatisfactionParameter.objects.bulk_create(rows))


def _load_questionnaire(entry: dict[str, Any], every: dict[str, Any]) -> int:
    if Questionnaire.objects.filter(code=entry["code"]).exists():
        return 0
    row = Questionnaire.objects.create(code=entry["code"], name=entry["name"], **every)
    SurveyQuestion.objects.bulk_create(
        [
            SurveyQuestion(questionnaire=row, order=order, **question)
            for order, question in enumerate(entry["question"], 1)
        ]
    )
    return 1
