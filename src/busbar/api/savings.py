"""What accounts could save a year, by the newest studies."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from busbar.api.paging import After, Group, Limit, Page, answers
from busbar.api.sign_in import viewer_of
from busbar.billing import savings
from busbar.billing.models import Saving, SavingKind
from busbar.billing.savings import Key, SavingFilter
from busbar.kit.errors import Refusal

router = Router()


class SavingOut(Schema):
    """节费机会; `facts` says what is to be done."""

    account_number: str
    customer_number: str
    kind: SavingKind
    yearly_yuan: Decimal
    studied_month: str
    facts: dict[str, Any]

    @staticmethod
    def resolve_account_number(saving: Saving) -> str:
        """户号."""
        return saving.account.number

    @staticmethod
    def resolve_customer_number(saving: Saving) -> str:
        """客户编号."""
        return saving.account.customer.number

    @staticmethod
    def resolve_studied_month(saving: Saving) -> str:
        """Up to and with which month's bills."""
        return saving.study.month


@router.get("", response=answers(Page[SavingOut], 409), operation_id="list_savings")
def list_savings(
    request: HttpRequest,
    kind: SavingKind | None = None,
    mine: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    group: Group = "",
    after: After = "",
    limit: Limit = 50,
) -> dict[str, Any]:
    """节费机会，每年可省最多的在前。"""
    narrowed = SavingFilter(kind=kind or "", mine=mine)
    page = savings.list_savings(viewer_of(request, group), narrowed, after=_key(after), limit=limit)
    following = page.next_after and f"{page.next_after[0]}:{page.next_after[1]}"
    return {"items": page.savings, "next": following}


def _key(after: str) -> Key | None:
    if not after:
        return None
    yuan, _, pk = after.partition(":")
    try:
        key = Decimal(yuan), int(pk)
    except (InvalidOperation, ValueError):
        key = Decimal("nan"), 0
    if not key[0].is_finite() or not 0 <= key[0] < Decimal(10) ** 12 or not 0 <= key[1] < 2**63:
        raise Refusal("after 须是上一页的 next")
    return key
