"""The number of a new account 户号: by one rule, never twice."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Length

from busbar.access.models import OrganizationUnit
from busbar.customers.models import CustomerAccount
from busbar.journal import operations as journal_operations
from busbar.kit.errors import Refusal

_PREFIX, _SERIAL = 6, 7
"""Digits of the unit and of the serial: 13 in all, within the 6–16 of a 户号."""


class UnableToNumberAccount(Refusal):
    """No number is left."""


@transaction.atomic
def take_account_number(*, unit: OrganizationUnit) -> str:
    """The next free 户号 of the unit: six digits of its code, then a serial of seven.

    A unit whose code has no digits counts by `9` and its place in the register. The top of the
    tree stays locked until the caller's transaction ends (two units may share their digits): who
    asks meanwhile waits and gets the number after. Call it in the transaction that opens the
    account.
    """
    journal_operations.take_turn()
    OrganizationUnit.objects.select_for_update().order_by("path").first()
    prefix = _prefix(unit)
    numbers = CustomerAccount.objects.annotate(length=Length("number")).filter(
        number__gte=f"{prefix}{'0' * _SERIAL}",
        number__lte=f"{prefix}{'9' * _SERIAL}",
        length=_PREFIX + _SERIAL,
    )
    last = numbers.order_by("-number").values_list("number", flat=True).first()
    serial = int(last[_PREFIX:]) + 1 if last else 1
    if serial >= 10**_SERIAL:
        raise UnableToNumberAccount(
            "%(name)s 的户号已用完（前缀 %(prefix)s）", name=unit.name, prefix=prefix
        )
    return f"{prefix}{serial:0{_SERIAL}d}"


def _prefix(unit: OrganizationUnit) -> str:
    digits = "".join(c for c in unit.code if c.isascii() and c.isdigit())
    if not digits:
        return f"9{unit.pk % 10 ** (_PREFIX - 1):0{_PREFIX - 1}d}"
    return digits[-_PREFIX:].rjust(_PREFIX, "0")
