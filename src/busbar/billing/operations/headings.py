"""Naming the headings under which a customer wants its accounts in the group bill."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing.models import BillHeading
from busbar.customers.models import CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal

_LONGEST_NAME = 60


class UnableToNameHeading(Refusal):
    """No account was chosen, or the name is too long."""


@transaction.atomic
def name_heading(
    *, account_numbers: Collection[str], name: str, by: Viewer, at: dt.datetime
) -> int:
    """Put the accounts under the heading, or under none for an empty name; how many (U11).

    Raises UnableToNameHeading, also where one of the accounts is not seen: all or none.
    """
    by.require(Permission.EDIT_CUSTOMERS)
    said = name.strip()
    if len(said) > _LONGEST_NAME:
        raise UnableToNameHeading("分组名称最多 %(longest_name)s 字", longest_name=_LONGEST_NAME)
    seen = CustomerAccount.objects.visible_to(by).filter(number__in=list(account_numbers))
    accounts = list(seen.select_related("unit").order_by("pk"))
    if not accounts or len(accounts) != len(set(account_numbers)):
        raise UnableToNameHeading("请选择要归入该分组的户号")
    _put(accounts, said)
    happenings = [
        Happening(
            event="billing.heading.named",
            subject_type="customers.account",
            subject_id=account.pk,
            subject_label=f"{account.number} {account.name}",
            customer_id=account.customer_id,
            unit_path=account.unit.path,
            changes={"name": said},
        )
        for account in accounts
    ]
    journal_operations.record_many(happenings=happenings, actor=by.actor, at=at)
    return len(accounts)


def _put(accounts: list[CustomerAccount], name: str) -> None:
    if not name:
        BillHeading.objects.filter(account__in=accounts).delete()
        return
    BillHeading.objects.bulk_create(
        [BillHeading(account=account, name=name) for account in accounts],
        update_conflicts=True,
        update_fields=["name"],
        unique_fields=["account"],
    )
