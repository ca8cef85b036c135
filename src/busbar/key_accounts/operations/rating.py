"""Both sides of a finished order rate each other, 1 to 5 with a word (R63)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.key_accounts.models import DepartmentOrder, OrderRating, RatingSide
from busbar.key_accounts.operations.ground import ORDER
from busbar.key_accounts.queries import orders as orders_queries
from busbar.kit.errors import Refusal

BEST = 5


class UnableToRateOrder(Refusal):
    """The order cannot be rated by this person now."""


@transaction.atomic
def rate_order(*, number: str, score: int, word: str, by: Viewer, at: dt.datetime) -> OrderRating:
    """Rate a finished order as the side one was on; once a side."""
    journal_operations.take_turn()
    rows = DepartmentOrder.objects.visible_to(by).select_related("unit")
    order: DepartmentOrder | None = rows.filter(number=number).first()
    if order is None:
        raise UnableToRateOrder("没有指令 %(number)s，或不在您的可见范围内", number=number)
    side = orders_queries.find_rating_side(by, order)
    if not side:
        raise UnableToRateOrder("只有办结的指令可以由下达人和承办部门各评一次")
    return add_rating(order, side, score, word, by=by, at=at)


def add_rating(
    order: DepartmentOrder, side: str, score: int, word: str, *, by: Viewer, at: dt.datetime
) -> OrderRating:
    """One side's rating with its journal entry; in the caller's transaction."""
    if not 1 <= score <= BEST:
        raise UnableToRateOrder("评分应为 1 至 %(best)s，现为 %(score)s", best=BEST, score=score)
    if not word.strip():
        raise UnableToRateOrder("请写一句评语")
    rating = OrderRating.objects.create(
        order=order, side=side, score=score, word=word.strip()[:300], by_name=by.name, at=at
    )
    happening = Happening(
        event="key_accounts.order.rated",
        subject_type=ORDER,
        subject_id=order.pk,
        subject_label=f"{order.number} {order.title}"[:200],
        customer_id=order.customer_id,
        unit_path=order.unit.path,
        changes={"side": RatingSide(side).value, "score": score},
        reason=word.strip()[:300],
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
    return rating
