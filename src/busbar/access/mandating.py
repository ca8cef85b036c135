"""Whether a mandate covers an order: plain values in, sentences out (R75).

A unit's own version may only tighten what holds above it (R7): a smaller amount, fewer hours,
fewer grades, own customers only; never another department, holder or order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

FIXED = (
    "order_kind", "holder_kind", "holder_level", "holder_role", "department_kind",
    "department_role", "reply_limit", "work_limit",
)  # fmt: skip
"""What a unit's own version takes over as it is; time limits are tightened where they stand."""


@dataclass(frozen=True)
class MandateLimits:
    """How far a mandate reaches; None or empty is without a limit."""

    most_amount_yuan: Decimal | None = None
    most_hours: Decimal | None = None
    grades: tuple[str, ...] = ()
    own_customers_only: bool = True


@dataclass(frozen=True)
class OrderAsked:
    """What somebody wants to order, as far as limits ask for it."""

    amount_yuan: Decimal | None
    hours: Decimal | None
    grade: str
    is_own: bool


def objections(
    limits: MandateLimits, asked: OrderAsked, *, grade_names: Mapping[str, str]
) -> list[str]:
    """Which limits the order passes, a sentence each; empty where the mandate covers it.

    >>> asked = OrderAsked(None, Decimal(36), "none", is_own=True)
    >>> objections(MandateLimits(most_hours=Decimal("24.00")), asked, grade_names={})
    ['时长限 24 小时以内，本次 36 小时']
    """
    found = []
    if limits.own_customers_only and not asked.is_own:
        found.append("只限本人任A角或B角的客户")
    found += _beyond("金额", "元", limits.most_amount_yuan, asked.amount_yuan)
    found += _beyond("时长", "小时", limits.most_hours, asked.hours)
    if limits.grades and asked.grade not in limits.grades:
        allowed = "、".join(grade_names.get(grade, grade) for grade in limits.grades)
        found.append(f"只限{allowed}客户，该客户为{grade_names.get(asked.grade, asked.grade)}客户")
    return found


def loosened(changed: MandateLimits, above: MandateLimits) -> list[str]:
    """In what a version goes beyond the one above it, a sentence each; empty where it tightens.

    >>> loosened(MandateLimits(most_hours=Decimal(48)), MandateLimits(most_hours=Decimal(24)))
    ['时长上级限 24 小时，不能放宽到 48 小时']
    >>> loosened(MandateLimits(), MandateLimits(grades=("none",)))
    ['客户等级上级有限定，不能取消']
    """
    found = [
        *_wider("金额", "元", changed.most_amount_yuan, above.most_amount_yuan),
        *_wider("时长", "小时", changed.most_hours, above.most_hours),
    ]
    if above.grades and not changed.grades:
        found.append("客户等级上级有限定，不能取消")
    elif above.grades and set(changed.grades) - set(above.grades):
        found.append("客户等级不能多于上级所定")
    if above.own_customers_only and not changed.own_customers_only:
        found.append("上级只限本人客户，不能放宽到其他客户")
    return found


def figure(amount: Decimal) -> str:
    """A decimal without trailing zeros.

    >>> figure(Decimal("24.00")), figure(Decimal("100000.00"))
    ('24', '100000')
    """
    return f"{amount.normalize():f}"


def _beyond(what: str, unit: str, most: Decimal | None, asked: Decimal | None) -> Sequence[str]:
    if most is None or asked is None or asked <= most:
        return ()
    return (f"{what}限 {figure(most)} {unit}以内，本次 {figure(asked)} {unit}",)


def _wider(what: str, unit: str, changed: Decimal | None, above: Decimal | None) -> Sequence[str]:
    if above is None or (changed is not None and changed <= above):
        return ()
    if changed is None:
        return (f"{what}上级限 {figure(above)} {unit}，不能取消",)
    return (f"{what}上级限 {figure(above)} {unit}，不能放宽到 {figure(changed)} {unit}",)
