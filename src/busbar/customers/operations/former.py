"""Rows that name a customer by what it was called before it went into another."""

from __future__ import annotations

from collections.abc import Sequence

from busbar.access.registers import Row, fetch_by
from busbar.customers.models import FormerNumber


def follow_former(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows with former customer numbers and credit codes replaced by those that stand.

    So that an archive can be imported again after the consolidation. Two queries.
    """
    standing = FormerNumber.objects.select_related("customer")
    numbers = fetch_by(standing, "number", {r["customer"] for r in rows if r.get("customer")})
    codes = fetch_by(
        standing, "credit_code", {r["credit_code"] for r in rows if r.get("credit_code")}
    )
    if not numbers and not codes:
        return rows
    return [_followed(row, numbers, codes) for row in rows]


def _followed(row: Row, numbers: dict[str, FormerNumber], codes: dict[str, FormerNumber]) -> Row:
    if (former := numbers.get(row.get("customer") or "")) is not None:
        return {**row, "customer": former.customer.number}
    if (former := codes.get(row.get("credit_code") or "")) is not None and not row.get("customer"):
        return {**row, "credit_code": "", "customer": former.customer.number}
    return row
