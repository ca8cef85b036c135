"""Whether a mandate covers an order: plain values in, sentences out (R75).

A unit's own version may only tighten what holds above it (R7): a smaller amount, fewer hours,
fewer grades, own customers only; never another department, holder or order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from busbar.kit.errors import Listing, Reasons, Refusal

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
    limits: MandateLimits, asked: OrderAsked, *, grade_names: Mapping[str, object]
) -> Reasons:
    """Which limits the order passes, a sentence each; empty where the mandate covers it.

    >>> asked = OrderAsked(None, Decimal(36), "none", is_own=True)
    >>> str(objections(MandateLimits(most_hours=Decimal("24.00")), asked, grade_names={}))
    '时长限 24 小时以内，本次 36 小时'
    """
    return Reasons(_objections(limits, asked, grade_names))


def _objections(
    limits: MandateLimits, asked: OrderAsked, grade_names: Mapping[str, object]
) -> Iterator[Refusal]:
    if limits.own_customers_only and not asked.is_own:
        yield Refusal("只限本人任A角或B角的客户")
    if _passes(asked.amount_yuan, limits.most_amount_yuan):
        yield Refusal(
            "金额限 %(most)s 元以内，本次 %(asked)s 元",
            most=_told(limits.most_amount_yuan),
            asked=_told(asked.amount_yuan),
        )
    if _passes(asked.hours, limits.most_hours):
        yield Refusal(
            "时长限 %(most)s 小时以内，本次 %(asked)s 小时",
            most=_told(limits.most_hours),
            asked=_told(asked.hours),
        )
    if limits.grades and asked.grade not in limits.grades:
        yield Refusal(
            "只限%(allowed)s客户，该客户为%(grade)s客户",
            allowed=Listing(grade_names.get(grade, grade) for grade in limits.grades),
            grade=grade_names.get(asked.grade, asked.grade),
        )


def loosened(changed: MandateLimits, above: MandateLimits) -> Reasons:
    """In what a version goes beyond the one above it, a sentence each; empty where it tightens.

    >>> str(loosened(MandateLimits(most_hours=Decimal(48)), MandateLimits(most_hours=Decimal(24))))
    '时长上级限 24 小时，不能放宽到 48 小时'
    >>> str(loosened(MandateLimits(), MandateLimits(grades=("none",))))
    '客户等级上级有限定，不能取消'
    """
    return Reasons(
        [
            *_wider_amount(changed.most_amount_yuan, above.most_amount_yuan),
            *_wider_hours(changed.most_hours, above.most_hours),
            *_wider_customers(changed, above),
        ]
    )


def _wider_customers(changed: MandateLimits, above: MandateLimits) -> Iterator[Refusal]:
    if above.grades and not changed.grades:
        yield Refusal("客户等级上级有限定，不能取消")
    elif above.grades and set(changed.grades) - set(above.grades):
        yield Refusal("客户等级不能多于上级所定")
    if above.own_customers_only and not changed.own_customers_only:
        yield Refusal("上级只限本人客户，不能放宽到其他客户")


def figure(amount: Decimal) -> str:
    """A decimal without trailing zeros.

    >>> figure(Decimal("24.00")), figure(Decimal("100000.00"))
    ('24', '100000')
    """
    return f"{amount.normalize():f}"


def _told(amount: Decimal | None) -> str:
    return "" if amount is None else figure(amount)


def _passes(asked: Decimal | None, most: Decimal | None) -> bool:
    return asked is not None and most is not None and asked > most


def _wider_amount(changed: Decimal | None, above: Decimal | None) -> Iterator[Refusal]:
    if above is not None and changed is None:
        yield Refusal("金额上级限 %(above)s 元，不能取消", above=figure(above))
    if above is not None and changed is not None and changed > above:
        yield Refusal(
            "金额上级限 %(above)s 元，不能放宽到 %(changed)s 元",
            above=figure(above),
            changed=figure(changed),
        )


def _wider_hours(changed: Decimal | None, above: Decimal | None) -> Iterator[Refusal]:
    if above is not None and changed is None:
        yield Refusal("时长上级限 %(above)s 小时，不能取消", above=figure(above))
    if above is not None and changed is not None and changed > above:
        yield Refusal(
            "时长上级限 %(above)s 小时，不能放宽到 %(changed)s 小时",
            above=figure(above),
            changed=figure(changed),
        )
