"""Sign-ins of the demonstration: one password for all, written here and nowhere else."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db import transaction

from busbar.access.models import Employee, User
from busbar.demo.organization import ADMINISTRATOR, PROVINCE, REGULATOR
from busbar.demo.values import Staff
from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Happening
from busbar.kit.errors import Refusal

DEMO_PASSWORD = "Busbar-Demo-2026"  # noqa: S105 - opens invented data only; settings guard the rest
SHOWN = (
    ADMINISTRATOR, "province", "city1", "county1", "county1_ka1", "county1_station1",
    "city1_connection", "city1_planning", "city1_dispatch", "city1_safety", "city1_metering",
    "city1_service", "city1_cashier", "province_billing", REGULATOR,
)  # fmt: skip
"""User names that the screen proposes: one for each way to see the region."""


class UnableToOpenSignIns(Refusal):
    """The people of the demonstration are not all there."""


@dataclass(frozen=True)
class SignIn:
    """A user name and whose it is."""

    username: str
    name: str
    post: str


@transaction.atomic
def open_sign_ins(*, staff: tuple[Staff, ...], at: dt.datetime) -> int:
    """Give the imported employees their user names and the demonstration's password.

    One hash for all: 94 slow hashes would cost the first start half a minute, and whoever
    knows one of these passwords knows them all anyway. Doing it again changes nothing.
    """
    employees = Employee.objects.in_bulk([s.number for s in staff], field_name="number")
    absent = [s.number for s in staff if s.number not in employees]
    if absent:
        raise UnableToOpenSignIns(f"演示人员尚未导入：{'、'.join(absent[:5])}")
    password = make_password(DEMO_PASSWORD)
    for person in staff:
        User.objects.filter(pk=employees[person.number].user_id).update(
            username=person.username,
            password=password,
            is_active=True,
            must_change_password=False,
        )
    _record(employees[staff[0].number], len(staff), at)
    return len(staff)


def _record(administrator: Employee, count: int, at: dt.datetime) -> None:
    happening = Happening(
        event="demo.sign_ins.opened",
        subject_type="access.organizationunit",
        subject_id=administrator.unit_id,
        subject_label=PROVINCE,
        unit_path=administrator.unit.path,
        changes={"employees": count},
        reason="建立演示区域",
    )
    journal_operations.record(happening=happening, actor=SYSTEM, at=at)


def list_sign_ins() -> list[SignIn]:
    """The proposed sign-ins with the person and the unit, in the order of `SHOWN`."""
    people = {
        e.user.username: e
        for e in Employee.objects.filter(user__username__in=SHOWN).select_related("user", "unit")
    }
    return [
        SignIn(name, people[name].name, people[name].unit.name) for name in SHOWN if name in people
    ]
