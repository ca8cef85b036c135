"""Bring three accounts of an old system into the demonstration, by the operation of an import.

Two state different credit codes and the third none: no run joins them by itself. Prints their
numbers as JSON.
"""

from __future__ import annotations

import datetime as dt
import json
import sys

NAME = "旅程特种钢管有限公司"
ACCOUNTS = (
    ("8800010001", NAME, "旅程工业大道8号", 901),
    ("8800010002", f"{NAME}二车间", "旅程工业大道8号", 902),
    ("8800010003", "旅程特种钢管（有限公司）", "旅程工业大道８号", None),
)


def main() -> None:
    """Store them as an import does."""
    import django

    django.setup()
    from busbar.access.models import OrganizationUnit
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.customers import operations as customers_operations
    from busbar.demo.names import credit_code

    unit = OrganizationUnit.objects.filter(kind="county").order_by("path")[0]
    rows = [
        {
            "account": number,
            "name": name,
            "address": address,
            "credit_code": credit_code(serial, 99, is_company=True) if serial else "",
            "unit": unit.code,
            "origin": f"旧系统 {number}",
        }
        for number, name, address, serial in ACCOUNTS
    ]
    outcome = customers_operations.store_accounts(
        rows=rows, by=SYSTEM_VIEWER, at=dt.datetime.now(dt.UTC)
    )
    refused = [str(rejection.expectation) for rejection in outcome.rejections]
    sys.stdout.write(json.dumps({"refused": "；".join(refused)}))


if __name__ == "__main__":
    main()
