"""Which power-factor standard an account's days answer to, as the rating takes it (力率考核)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

from busbar.billing import rating
from busbar.billing.stretches import Stretch

_ONE_DAY = dt.timedelta(days=1)


def power_factors(
    stretches: Sequence[Stretch], charged: Sequence[int]
) -> tuple[rating.PowerFactorAssessment, ...]:
    """One a standard, over the days that answer to it and the basic charges of these days.

    `charged` are the agreements of the bill's basic charges, in their order: each agreement's
    charge is that of its own days, so that it joins the base of its own standard.
    """
    standards = list(dict.fromkeys(s.agreement.power_factor_standard for s in stretches))
    return tuple(
        _assessment(standard, stretches, charged, is_only=len(standards) == 1)
        for standard in filter(None, standards)
    )


def _assessment(
    standard: str, stretches: Sequence[Stretch], charged: Sequence[int], *, is_only: bool
) -> rating.PowerFactorAssessment:
    own = [s for s in stretches if s.agreement.power_factor_standard == standard]
    agreements = {s.agreement.pk for s in own}
    basic = tuple(index for index, agreement in enumerate(charged) if agreement in agreements)
    return rating.PowerFactorAssessment(
        "month" if is_only else f"month.{standard}",
        Decimal(standard),
        segments=None if is_only else tuple(str(s.period.start) for s in own),
        capacity_kva=Decimal(own[-1].agreement.contract_capacity_kva),
        basic_charges=None if is_only else basic,
    )


def changed_standard(stretches: Sequence[Stretch]) -> Iterator[str]:
    """A sentence for the bill where the standard changes within the month."""
    standards = [s.agreement.power_factor_standard for s in stretches]
    if len(set(standards)) == 1:
        return
    spans: list[tuple[str, dt.date, dt.date]] = []
    for stretch, standard in zip(stretches, standards, strict=True):
        start, last = stretch.period.start, stretch.period.end - _ONE_DAY
        if spans and spans[-1][0] == standard:
            start = spans.pop()[1]
        spans.append((standard, start, last))
    told = "，".join(f"{start} 至 {last} {standard or '不考核'}" for standard, start, last in spans)
    yield f"功率因数标准在月内变更：{told}；各按本段的电量考核，基本电费按合同天数随本段计入基数。"
