"""What a late-payment charge rests on: every billing rule set, and whose arrears they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import Q

from busbar.billing import rating
from busbar.pricing.models import RuleParameter, RuleSet, RuleSubject, TariffCategory
from busbar.supply.models import Agreement


def load_rule_sets() -> list[rating.RuleSet]:
    """All billing rule sets with their figures, the earliest first; two queries."""
    rows = RuleSet.objects.filter(subject=RuleSubject.BILLING).prefetch_related("parameters")
    return [
        rating.RuleSet(
            code=row.code,
            name=row.name,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            figures={p.key: _rule(row.code, p) for p in row.parameters.all()},
        )
        for row in rows.order_by("valid_from")
    ]


def _rule(rule_set: str, parameter: RuleParameter) -> rating.Rule:
    return rating.Rule(
        code=parameter.key,
        name=parameter.name,
        value=rating.rule_value(parameter.value),
        rule_set=rule_set,
        unit=parameter.unit,
        article=parameter.article,
        source=parameter.source,
        certainty=parameter.certainty,
    )


def find_residents(account_ids: Collection[int], *, on: dt.date) -> set[int]:
    """Of the 户号 those whose agreement of the day is residential: they have one rate."""
    in_force = Q(valid_from__lte=on) & (Q(valid_until=None) | Q(valid_until__gt=on))
    rows = Agreement.objects.filter(
        in_force, account__in=account_ids, tariff_category=TariffCategory.RESIDENTIAL
    )
    return set(rows.values_list("account_id", flat=True))
