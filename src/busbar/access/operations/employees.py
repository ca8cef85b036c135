"""Employees: hired with a sign-in, given roles, transferred, dismissed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from busbar.access import queries
from busbar.access.models import ApiToken, Employee, OrganizationUnit, Role, UnitKind, User
from busbar.access.operations.passwords import check_password, generate_password
from busbar.access.operations.recording import lock_employee, record_employee
from busbar.access.operations.units import create_unit
from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.kit.errors import Refusal


class UnableToHireEmployee(Refusal):
    """The person cannot be taken on as given."""


class UnableToChangeEmployee(Refusal):
    """The person's roles, unit or standing cannot change so."""


@dataclass(frozen=True)
class Hired:
    """A new employee; `password` is the generated one, shown once, or None if one was given."""

    employee: Employee
    password: str | None


@transaction.atomic
def hire_employee(
    *,
    username: str,
    number: str,
    name: str,
    unit: OrganizationUnit,
    roles: Sequence[Role | str],
    password: str | None = None,
    can_sign_in: bool = True,
    phone: str = "",
    by: Viewer,
    at: dt.datetime,
) -> Hired:
    """Take on an employee with a sign-in.

    Without a password one is generated, returned once and must be changed at first sign-in;
    a given password (the demonstration's) is checked and stays. With `can_sign_in` false there
    is none at all until an administrator resets it.
    """
    by.require(Permission.ADMINISTER)
    by.require_unit(unit.path)
    chosen = _roles(roles)
    _check_free(username, number, name, unit)
    user = _sign_in(username, password, at)
    generated = generate_password() if can_sign_in and not password else None
    user.set_password(password or generated)  # None makes it unusable, without the slow hash
    employee = Employee(number=number, name=name, unit=unit, roles=chosen, phone=phone)
    _save_once(user, employee)
    changes = {"username": username, "unit": unit.code, "roles": chosen}
    record_employee("access.employee.hired", employee, changes, by=by, at=at)
    return Hired(employee, generated)


@transaction.atomic
def change_roles(
    *,
    employee: Employee,
    roles: Sequence[Role | str],
    by: Viewer,
    at: dt.datetime,
    reason: str = "",
) -> None:
    """Replace the employee's roles; the last administrator keeps the role."""
    employee = lock_employee(employee, by)
    chosen, before = _roles(roles), list(employee.roles)
    if chosen == before:
        raise UnableToChangeEmployee("%(employee)s 的角色没有变化", employee=employee.name)
    if Role.ADMINISTRATOR not in chosen:
        _check_not_last_administrator(employee)
    employee.roles = chosen
    employee.save(update_fields=["roles"])
    changes = {"roles": [before, chosen]}
    record_employee("access.employee.roles_changed", employee, changes, by=by, at=at, reason=reason)


@transaction.atomic
def transfer_employee(
    *, employee: Employee, unit: OrganizationUnit, by: Viewer, at: dt.datetime, reason: str = ""
) -> None:
    """Move the employee to another unit; both units lie in the branch of `by`."""
    employee = lock_employee(employee, by)
    by.require_unit(unit.path)
    before = employee.unit
    if before.pk == unit.pk:
        raise UnableToChangeEmployee(
            "%(employee)s 已在 %(unit)s", employee=employee.name, unit=unit.name
        )
    if not unit.is_active:
        raise UnableToChangeEmployee("%(unit)s 已停用，不能调入", unit=unit.name)
    employee.unit = unit
    employee.save(update_fields=["unit"])
    changes = {"unit": [before.code, unit.code]}
    record_employee("access.employee.transferred", employee, changes, by=by, at=at, reason=reason)


@transaction.atomic
def dismiss_employee(*, employee: Employee, by: Viewer, at: dt.datetime, reason: str) -> None:
    """Close the sign-in and revoke the API keys; the record of the person stays."""
    employee = lock_employee(employee, by)
    if not employee.user.is_active:
        raise UnableToChangeEmployee("%(employee)s 已离岗", employee=employee.name)
    if by.employee_id == employee.pk:
        raise UnableToChangeEmployee("不能停用自己的账号")
    _check_not_last_administrator(employee)
    employee.user.is_active = False
    employee.user.save(update_fields=["is_active"])
    ApiToken.objects.filter(user=employee.user, revoked_at=None).update(revoked_at=at)
    changes = {"is_active": [True, False]}
    record_employee("access.employee.dismissed", employee, changes, by=by, at=at, reason=reason)


@transaction.atomic
def create_first_administrator(
    *, at: dt.datetime, username: str = "admin", company: str = "省公司"
) -> Hired:
    """The administrator of a new installation, with a password that is shown once.

    Refuses where somebody administers already. Without any unit the province is made too.
    """
    if queries.count_active_administrators():
        raise UnableToHireEmployee("系统已有管理员，请由管理员重置密码")
    root = OrganizationUnit.objects.filter(parent=None).order_by("path").first()
    if root is None:
        root = create_unit(
            code="00", name=company, kind=UnitKind.PROVINCE, parent=None, by=SYSTEM_VIEWER, at=at
        )
    return hire_employee(
        username=username,
        number=username,
        name="系统管理员",
        unit=root,
        roles=[Role.ADMINISTRATOR],
        by=SYSTEM_VIEWER,
        at=at,
    )


def _roles(roles: Sequence[Role | str]) -> list[str]:
    unknown = [role for role in roles if role not in Role.values]
    if unknown:
        raise UnableToChangeEmployee("没有角色 %(unknown)s", unknown=unknown[0])
    if not roles:
        raise UnableToChangeEmployee("至少要有一个角色")
    return [role.value for role in Role if role in roles]


def _check_free(username: str, number: str, name: str, unit: OrganizationUnit) -> None:
    if not name.strip() or not number.strip():
        raise UnableToHireEmployee("姓名和工号都不能为空")
    if User.objects.filter(username__iexact=username).exists():
        raise UnableToHireEmployee("用户名 %(username)s 已被使用", username=username)
    holder = Employee.objects.filter(number=number).first()
    if holder is not None:
        raise UnableToHireEmployee(
            "工号 %(number)s 已由 %(holder)s 使用", number=number, holder=holder.name
        )
    if not unit.is_active:
        raise UnableToHireEmployee("%(unit)s 已停用，不能录用", unit=unit.name)


def _save_once(user: User, employee: Employee) -> None:
    """Write both; somebody who took the name or number since `_check_free` looked is a refusal."""
    try:
        with transaction.atomic():
            user.save()
            employee.user = user
            employee.save()
    except IntegrityError as taken:
        raise UnableToHireEmployee(
            "用户名 %(username)s 或工号 %(number)s 刚刚已被使用",
            username=user.username,
            number=employee.number,
        ) from taken


def _sign_in(username: str, password: str | None, at: dt.datetime) -> User:
    user = User(username=username, date_joined=at, must_change_password=password is None)
    try:
        User.username_validator(username)
    except ValidationError as error:
        raise UnableToHireEmployee("用户名只能用文字、数字和 @ . + - _") from error
    if password is not None:
        check_password(password, user)
    return user


def _check_not_last_administrator(employee: Employee) -> None:
    if Role.ADMINISTRATOR not in employee.roles or not employee.user.is_active:
        return
    if queries.count_active_administrators() == 1:
        raise UnableToChangeEmployee("%(employee)s 是最后一名系统管理员", employee=employee.name)
