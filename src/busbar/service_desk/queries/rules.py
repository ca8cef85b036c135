"""The dated rules of the index as plain values; in force on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q

from busbar.kit.errors import Refusal
from busbar.service_desk.models import EvidenceRule, Questionnaire, SatisfactionParameter
from busbar.service_desk.satisfaction import Weighing


class NoSuchRule(Refusal):
    """No row in force says the figure."""


@dataclass(frozen=True)
class SatisfactionRules:
    """All that the index is reckoned by on a day."""

    weighings: Mapping[str, Weighing]
    rows: Mapping[str, EvidenceRule]
    parameters: Mapping[str, float]

    def __getitem__(self, code: str) -> float:
        """A figure of the formula."""
        try:
            return self.parameters[code]
        except KeyError:
            raise NoSuchRule(f"没有生效的满意度参数“{code}”，请先维护") from None


def get_rules(*, on: dt.date) -> SatisfactionRules:
    """What is in force on the day, the newest version of each; two queries."""
    weights = EvidenceRule.objects.filter(_in_force(on)).order_by("valid_from")
    rows = {row.kind: row for row in weights}
    figures = SatisfactionParameter.objects.filter(_in_force(on)).order_by("valid_from")
    return SatisfactionRules(
        weighings={
            kind: Weighing(
                float(row.weight),
                float(row.half_life_days),
                None if row.score is None else float(row.score),
            )
            for kind, row in rows.items()
        },
        rows=rows,
        parameters={row.code: float(row.value) for row in figures},
    )


def get_parameter(code: str, *, on: dt.date) -> float:
    """One figure; NoSuchRule where none is in force."""
    return get_rules(on=on)[code]


def get_questionnaire(code: str, *, on: dt.date) -> Questionnaire:
    """The version of the questionnaire in force on the day."""
    rows = Questionnaire.objects.filter(_in_force(on), code=code).order_by("-valid_from")
    found = rows.first()
    if found is None:
        raise NoSuchRule(f"没有生效的问卷“{code}”")
    return found


def list_parameters() -> list[SatisfactionParameter]:
    """Every version of every figure, by name, the newest first."""
    return list(SatisfactionParameter.objects.order_by("code", "-valid_from"))


def list_evidence_rules() -> list[EvidenceRule]:
    """Every version of every weight, by kind, the newest first."""
    return list(EvidenceRule.objects.order_by("kind", "-valid_from"))


def _in_force(on: dt.date) -> Q:
    return Q(valid_from__lte=on) & (Q(valid_until__isnull=True) | Q(valid_until__gt=on))
