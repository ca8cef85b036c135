"""What the registers say of accounts in a month: agreements, usage points, transformers."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from busbar.billing.point_terms import NOTHING, PointTerms, load_point_terms
from busbar.kit.periods import Month, Period
from busbar.metering.models import MeterInstallation
from busbar.supply.models import Agreement, Transformer, TransformerState, UsagePoint


@dataclass(frozen=True)
class Registers:
    """What the registers say of a batch of accounts in a month, by account id."""

    agreements: Mapping[int, list[Agreement]]
    usage_points: Mapping[int, list[UsagePoint]]
    transformers: Mapping[int, list[Transformer]]
    states: Mapping[int, list[TransformerState]] = field(default_factory=dict)
    terms: Mapping[int, PointTerms] = field(default_factory=dict)
    hung: Mapping[int, list[Period]] = field(default_factory=dict)
    """Days on which a meter hung, by usage point; none of a point without any installation."""

    def terms_of(self, account_id: int) -> PointTerms:
        """Losses and fixed quantities of one account; most have none."""
        return self.terms.get(account_id, NOTHING)


def load_registers(account_ids: Sequence[int], month: Month) -> Registers:
    """Seven or eight queries, whatever the number of accounts."""
    period = month.period
    agreements = agreements_of(month).filter(account__in=account_ids)
    transformers = list(
        Transformer.objects.filter(account__in=account_ids, installed_on__lt=period.end).order_by(
            "number"
        )
    )
    states = TransformerState.objects.filter(transformer__in=transformers).order_by("valid_from")
    points = UsagePoint.objects.filter(account__in=account_ids).order_by("number")
    return Registers(
        agreements=_grouped(agreements, "account_id"),
        usage_points=_grouped(points, "account_id"),
        transformers=_grouped(transformers, "account_id"),
        states=_grouped(states, "transformer_id"),
        terms=load_point_terms(account_ids, month),
        hung=_hung(account_ids),
    )


def _hung(account_ids: Sequence[int]) -> dict[int, list[Period]]:
    rows = MeterInstallation.objects.filter(usage_point__account__in=account_ids)
    found: defaultdict[int, list[Period]] = defaultdict(list)
    for point, since, until in rows.values_list("usage_point_id", "installed_on", "removed_on"):
        found[point].append(Period(since, until or dt.date.max))
    return dict(found)


def agreements_of(month: Month) -> QuerySet[Agreement]:
    """Agreements that hold on any day of the month, the oldest first."""
    period = month.period
    touching = Agreement.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=period.start), valid_from__lt=period.end
    )
    found: QuerySet[Agreement] = touching.order_by("valid_from")
    return found


def _grouped(rows: Any, key: str) -> dict[int, list[Any]]:
    groups: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, key)].append(row)
    return dict(groups)
