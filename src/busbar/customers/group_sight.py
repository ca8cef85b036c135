"""Whom the account team of a group's head sees beyond its own customers (U1)."""

from __future__ import annotations

from django.db.models.expressions import RawSQL

_MEMBERS = """
SELECT member.id FROM customers_customer member WHERE member.group_id IN (
  WITH RECURSIVE led(id) AS (
    SELECT grp.id FROM customers_customergroup grp
      JOIN customers_customer head ON head.id = grp.head_id AND head.group_id = grp.id
      JOIN customers_accountteammember seat ON seat.customer_id = head.id
      WHERE seat.employee_id = %s
    UNION
    SELECT grp.id FROM customers_customergroup grp JOIN led ON grp.parent_id = led.id
  )
  SELECT id FROM led
)
"""
"""UNION, not UNION ALL: groups that were made to contain each other end the walk."""


def inherited_customer_ids(employee_id: int) -> RawSQL:
    """Ids of the customers in groups, and in groups below, whose head's team the employee is on.

    A head that has left its group leads it no longer. A subquery, so that no list needs a query
    more; Django's ORM has no recursion.
    """
    return RawSQL(_MEMBERS, (employee_id,))  # noqa: S611 - a constant; the value is a parameter
