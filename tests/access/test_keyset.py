"""Paging by key, against cutting a sorted list in Python."""

from __future__ import annotations

import pytest

from busbar.access.keyset import beyond
from busbar.access.models import OrganizationUnit

pytestmark = pytest.mark.django_db
ORDERS = [
    ("id",),
    ("-id",),
    ("name", "id"),
    ("-name", "id"),
    ("-kind", "name", "-id"),
    ("kind", "-name", "id"),
]


@pytest.fixture
def units() -> list[OrganizationUnit]:
    """Names and kinds repeat, so that every later field of an order decides somewhere."""
    kinds = ["county", "city", "county", "city", "county", "county"]
    names = ["东", "东", "西", "西", "东", "西"]
    for number, (kind, name) in enumerate(zip(kinds, names, strict=True)):
        OrganizationUnit.objects.create(code=f"U{number}", name=name, kind=kind, path=f"90{number}")
    return list(OrganizationUnit.objects.all())


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
def test_what_stands_beyond_each_row_is_the_rest_of_the_sorted_list(
    units: list[OrganizationUnit], order: tuple[str, ...]
) -> None:
    expected = list(units)
    for name in reversed(order):  # sorting is stable: the last field first
        field = name.removeprefix("-")
        expected.sort(key=lambda unit: getattr(unit, field), reverse=name.startswith("-"))
    fields = [name.removeprefix("-") for name in order]

    for number, unit in enumerate(expected):
        place = [getattr(unit, field) for field in fields]
        found = OrganizationUnit.objects.filter(beyond(order, place)).order_by(*order)
        assert list(found) == expected[number + 1 :]
