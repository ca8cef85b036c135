"""Customers, groups, accounts: the archive of the demonstration region."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from busbar.demo import old_archive, steel
from busbar.demo.accounts import AccountBuilder
from busbar.demo.grid import build_grid
from busbar.demo.names import NameMaker, Place, credit_code, parts, person_name, phone, places
from busbar.demo.organization import (
    PROVINCE,
    build_staff,
    build_units,
    city_code,
    county_code,
    key_accounts_code,
    managers_of,
)
from busbar.demo.parameters import Parameters
from busbar.demo.shapes import SHAPES
from busbar.demo.values import Contact, Customer, Group, Region, Staff

SHAPE_WEIGHTS = {
    "steel": 4, "chemical": 9, "cement": 5, "machinery": 18, "textile": 12, "photovoltaic": 6,
    "cold_store": 6, "mall": 9, "data_center": 3, "office": 8, "hospital": 7, "school": 7,
    "waterworks": 3, "ev_depot": 3,
}  # fmt: skip
GRADE_SHARES = (("special", 0.007), ("first", 0.03), ("second", 0.08), ("temporary", 0.01))
_GRADE_SHAPES = {
    "special": ("office", "data_center"),
    "first": ("hospital", "chemical", "waterworks"),
    "second": ("steel", "chemical", "cement", "mall", "data_center", "hospital", "ev_depot"),
    "temporary": ("school", "mall", "office"),
}
_CUSTOMERS_A_GROUP = 25
_CONTACTS = ("用电负责人", "财务", "电气值班室", "法定代表人")


def build_region(parameters: Parameters) -> Region:
    """Everything but the curves, from the parameters alone."""
    staff = build_staff(parameters)
    grid = build_grid(parameters)
    plan = _Plan(parameters)
    accounts = AccountBuilder(parameters, grid)
    customers = [
        _customer(parameters, serial, plan, staff, accounts)
        for serial in range(parameters.customers)
    ]
    customers[-1] = steel.customer(customers[-1], staff, grid)
    entries = old_archive.write_entries(parameters, customers)
    return Region(build_units(), staff, grid, plan.groups, tuple(customers), entries)


class _Plan:
    """What is decided before any customer: shapes, places, groups, grades."""

    def __init__(self, parameters: Parameters) -> None:
        draws = parameters.stream("plan")
        count = parameters.customers
        self.names = NameMaker(parameters.stream("names"))
        self.shapes = self._shapes(draws, count)
        self.places = [places()[int(p)] for p in draws.integers(len(places()), size=count)]
        self.grades = self._grades(draws, count)
        self.groups, self.group_of = self._groups(draws, count)

    @staticmethod
    def _shapes(draws: np.random.Generator, count: int) -> list[str]:
        codes = [shape.code for shape in SHAPES]
        weights = np.array([SHAPE_WEIGHTS[code] for code in codes], dtype=float)
        drawn = [str(c) for c in draws.choice(codes, size=count, p=weights / weights.sum())]
        return (codes + drawn)[:count]

    def _grades(self, draws: np.random.Generator, count: int) -> list[str]:
        grades = ["none"] * count
        order = [int(place) for place in draws.permutation(count - 1)]
        for grade, share in GRADE_SHARES:
            wanted = max(1, round(share * count))
            fitting = [p for p in order if self.shapes[p] in _GRADE_SHAPES[grade]]
            free = [p for p in (fitting or order) if grades[p] == "none"]
            for place in free[:wanted]:
                grades[place] = grade
        return grades

    def _groups(
        self, draws: np.random.Generator, count: int
    ) -> tuple[tuple[Group, ...], dict[int, tuple[str, str]]]:
        """Groups of three to six companies; every third group has a daughter group."""
        groups: list[Group] = []
        members: dict[int, tuple[str, str]] = {}
        companies = [p for p in range(count - 1) if _is_company(self.shapes[p])]
        order = [companies[int(p)] for p in draws.permutation(len(companies))]
        for serial in range(max(1, count // _CUSTOMERS_A_GROUP)):
            brand = self.names.brand()
            parent = groups[-1].code if serial % 3 == 2 else ""  # noqa: PLR2004 - every third
            group = Group(f"G{serial + 1:04d}", f"{brand}集团有限公司", parent)
            groups.append(group)
            for _ in range(int(draws.integers(3, 7))):
                if order:
                    members[order.pop()] = (group.code, brand)
        return tuple(groups), members


def _is_company(shape: str) -> bool:
    return bool(parts()["kinds"][shape]["suffix"][0])


def _customer(
    parameters: Parameters,
    serial: int,
    plan: _Plan,
    staff: tuple[Staff, ...],
    accounts: AccountBuilder,
) -> Customer:
    draws = parameters.stream("customer", serial)
    place, shape, grade = plan.places[serial], plan.shapes[serial], plan.grades[serial]
    group, brand = plan.group_of.get(serial, ("", None))
    name = plan.names.company(shape, place, brand)
    unit, lead, deputy = _keepers(staff, place, grade, serial)
    kind = parts()["kinds"][shape]
    return Customer(
        number=f"C{serial + 1:05d}",
        name=name,
        credit_code=credit_code(serial + 1, place.county, is_company=_is_company(shape)),
        kind=kind["kind"],
        industry=kind["industry"],
        importance=grade,
        group=group,
        unit=unit,
        address=plan.names.address(place),
        lead=lead,
        deputy=deputy,
        contacts=tuple(_contacts(draws, serial)),
        accounts=tuple(accounts.build(draws, name, kind["kind"], shape, place, grade)),
    )


def _keepers(
    staff: tuple[Staff, ...], place: Place, grade: str, serial: int
) -> tuple[str, str, str]:
    """Managing unit, A and B manager: the higher the grade, the higher the level."""
    county, city = county_code(place), city_code(place.city)
    level, below = (county, city)
    if grade == "special":
        level, below = PROVINCE, city
    elif grade == "first":
        level, below = city, county
    lead = managers_of(staff, level)[serial % 2]
    deputy = managers_of(staff, below)[serial // 2 % 2]
    return key_accounts_code(level), lead.number, deputy.number


def _contacts(draws: np.random.Generator, serial: int) -> Iterator[Contact]:
    for place in range(int(draws.integers(1, 4))):
        yield Contact(
            name=person_name(draws),
            role=_CONTACTS[place],
            phone=phone(serial * 10 + place),
            email=f"c{serial + 1:05d}.{place + 1}@example.com",
            is_primary=place == 0,
        )
