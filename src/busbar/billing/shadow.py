"""Comparing other systems' bills with ours: line by line, and accounts by difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, F, OuterRef, Subquery, Value
from django.db.models.functions import Abs, Cast, Coalesce, Round

from busbar.access.keyset import beyond
from busbar.access.visibility import Viewer
from busbar.billing.models import Bill, BillLine, ShadowBill, ShadowItem, ShadowLine
from busbar.billing.shadow_items import TOTAL, covers
from busbar.kit.money import plain

ZERO = Decimal(0)


@dataclass
class Compared:
    """One charge on both bills; amounts in yuan, None where a bill does not have it.

    `code` is empty for items that nobody has mapped. `names` are the other bill's items.
    """

    code: str
    name: str
    items: list[str] = field(default_factory=list)
    theirs: list[ShadowLine] = field(default_factory=list)
    ours: list[BillLine] = field(default_factory=list)

    @property
    def their_yuan(self) -> Decimal | None:
        """What the other bill asks for the charge."""
        return sum((line.amount for line in self.theirs), ZERO) if self.theirs else None

    @property
    def our_yuan(self) -> Decimal | None:
        """What ours does."""
        return sum((line.amount for line in self.ours), ZERO) if self.ours else None

    @property
    def difference(self) -> Decimal:
        """Theirs less ours."""
        return (self.their_yuan or ZERO) - (self.our_yuan or ZERO)

    @property
    def their_quantity(self) -> str:
        """The quantities, of several lines one after the other."""
        return _listed(line.quantity for line in self.theirs)

    @property
    def our_quantity(self) -> str:
        """The same of ours."""
        return _listed(line.quantity for line in self.ours)

    @property
    def their_price(self) -> str:
        """The prices."""
        return _listed(line.price for line in self.theirs)

    @property
    def our_price(self) -> str:
        """The same of ours."""
        return _listed(line.price for line in self.ours)


@dataclass(frozen=True)
class Comparison:
    """Both bills of an account and month.

    `unstated_yuan` is by how much the other bill's stated total exceeds its own lines; with
    it the lines' differences add up to the whole difference. `bill` None where ours is lacking.
    """

    shadow: ShadowBill
    bill: Bill | None
    lines: tuple[Compared, ...]
    unstated_yuan: Decimal

    @property
    def difference(self) -> Decimal:
        """Theirs less ours, in all."""
        return self.shadow.amount - (self.bill.amount if self.bill else ZERO)


def list_shadow_bills(
    viewer: Viewer, *, month: str = "", after: tuple[int, int] | None = None
) -> Any:
    """Visible other bills with `our_amount` and `difference`, the largest difference first.

    Those without a bill of ours come last. `after`: `rank_fen` and id of the last one shown.
    """
    ours = Bill.objects.current().filter(account=OuterRef("account"), month=OuterRef("month"))
    rows = ShadowBill.objects.visible_to(viewer).select_related("account__customer")
    rows = rows.filter(month=month) if month else rows
    rows = rows.annotate(our_amount=Subquery(ours.values("amount")[:1]))
    rows = rows.annotate(difference=Round(F("amount") - F("our_amount"), precision=2))
    # In whole fen, so that every database compares the same numbers exactly.
    rank = Cast(Round(Abs("difference") * 100), BigIntegerField())
    rows = rows.annotate(rank_fen=Coalesce(rank, Value(-1), output_field=BigIntegerField()))
    if after is not None:
        rows = rows.filter(beyond(("-rank_fen", "id"), after))
    return rows.order_by("-rank_fen", "pk")


def list_shadow_months(viewer: Viewer) -> list[str]:
    """Months with other bills, newest first."""
    months = ShadowBill.objects.visible_to(viewer).values_list("month", flat=True)
    return list(months.distinct().order_by("-month"))


def list_items() -> list[ShadowItem]:
    """The items met so far with their codes, unmapped ones first."""
    return list(ShadowItem.objects.order_by("code", "item"))


def compare(viewer: Viewer, account_number: str, month: str) -> Comparison:
    """Line by line; ShadowBill.DoesNotExist when there is none that may be seen."""
    seen = ShadowBill.objects.visible_to(viewer).select_related(
        "account__customer", "account__unit"
    )
    shadow = seen.get(account__number=account_number, month=month)
    bill = Bill.objects.current().filter(account=shadow.account_id, month=month).first()
    theirs = list(shadow.lines.order_by("id"))
    codes = dict(ShadowItem.objects.values_list("item", "code"))
    totals = [line for line in theirs if codes.get(line.item) == TOTAL]
    charged = [line for line in theirs if codes.get(line.item) != TOTAL]
    lines = pair_lines(charged, list(bill.lines.order_by("position")) if bill else [], codes)
    summed = sum((line.amount for line in charged), ZERO)
    return Comparison(shadow, bill, tuple(lines), shadow.amount - summed if totals else ZERO)


def pair_lines(
    theirs: Sequence[ShadowLine], ours: Sequence[BillLine], codes: Mapping[str, str]
) -> list[Compared]:
    """Each charge once, every line of both bills in exactly one; the more particular code wins."""
    found: dict[str, Compared] = {}
    for line in theirs:
        code = codes.get(line.item, "")
        row = found.setdefault(code or f"?{line.item}", Compared(code, line.item))
        row.theirs.append(line)
        row.items.append(line.item)
    chosen = sorted((row.code for row in found.values() if row.code), key=len, reverse=True)
    for our in ours:
        code = next((code for code in chosen if covers(code, our.code)), our.code)
        found.setdefault(code, Compared(code, our.name)).ours.append(our)
    return list(found.values())


def _listed(values: Iterable[Decimal | None]) -> str:
    return "、".join(plain(value) for value in values if value is not None)
