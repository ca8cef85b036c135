"""A small archive kept by account: the same bodies written by several offices."""

from __future__ import annotations

from typing import Any

from busbar.access.models import OrganizationUnit
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.customers import operations as customers_operations
from busbar.customers.models import Customer, CustomerAccount
from tests.imports.world import AT, STEEL_CODE

ACCOUNTS: tuple[tuple[str, str, str, str], ...] = (
    ("3101000001", "东海钢铁有限公司", "临江市临江县工业大道8号", STEEL_CODE),
    ("3101000002", "东海钢铁（有限公司）", "临江市临江县工业大道８号", ""),
    ("3101000003", "东海市东海钢铁有限责任公司二车间", "临江县工业大道8号3号楼", ""),
    ("3101000004", "冬海钢铁有限公司", "临江县工业大道", ""),
    ("3101000005", "华宁化工股份有限公司", "临江县滨江路20号", ""),
    ("3101000006", "华宁化工有限公司", "临江县滨江路20号", ""),
    ("3101000007", "青禾食品厂", "临江县文化路3号", ""),
)
"""户号, name, address, credit code."""


def import_accounts(unit: OrganizationUnit, rows: Any = ACCOUNTS) -> dict[str, Customer]:
    """Store the accounts as an import does; the customers they made, by 户号."""
    outcome = customers_operations.store_accounts(
        rows=[
            {
                "account": number,
                "name": name,
                "address": address,
                "credit_code": code,
                "unit": unit.code,
                "origin": f"旧系统 {number}",
            }
            for number, name, address, code in rows
        ],
        by=SYSTEM_VIEWER,
        at=AT,
    )
    assert outcome.rejections == []
    return customers_by_account()


def customers_by_account() -> dict[str, Customer]:
    """The customer of each account now."""
    accounts = CustomerAccount.objects.select_related("customer__unit").order_by("number")
    return {account.number: account.customer for account in accounts}
