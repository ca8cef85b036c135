"""Passwords: generated so that they can be read aloud, shown once, changed by their owner."""

from __future__ import annotations

import datetime as dt
import secrets

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from busbar.access import queries
from busbar.access.models import ApiToken, Employee, User
from busbar.access.operations.recording import lock_employee, record_employee
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Actor, Happening
from busbar.kit.errors import Refusal

_LEGIBLE = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_LENGTH = 4, 5


class UnableToSetPassword(Refusal):
    """The password is too weak, or cannot be set here."""


def generate_password() -> str:
    """A password of 99 bits without letters that look alike, in groups that can be dictated."""
    letters = [secrets.choice(_LEGIBLE) for _ in range(_GROUPS * _GROUP_LENGTH)]
    groups = [letters[i : i + _GROUP_LENGTH] for i in range(0, len(letters), _GROUP_LENGTH)]
    return "-".join("".join(group) for group in groups)


def check_password(password: str, user: User) -> None:
    """Refuse a weak password with the validators' sentences."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise UnableToSetPassword(" ".join(error.messages)) from error


@transaction.atomic
def reset_password(*, employee: Employee, by: Viewer, at: dt.datetime) -> str:
    """A new generated password, to be shown once and changed at the next sign-in.

    Every session of the person ends, because sessions are bound to the password; so do the keys
    to the API: whoever has lost the one may have lost the others.
    """
    employee = lock_employee(employee, by)
    if not employee.user.is_active:
        raise UnableToSetPassword("%(employee)s 已离岗，不能重置密码", employee=employee.name)
    password = generate_password()
    employee.user.set_password(password)
    employee.user.must_change_password = True
    employee.user.save(update_fields=["password", "must_change_password"])
    keys = ApiToken.objects.filter(user=employee.user, revoked_at=None).update(revoked_at=at)
    changes = {"api_tokens_revoked": keys} if keys else {}
    record_employee("access.employee.password_reset", employee, changes, by=by, at=at)
    return password


@transaction.atomic
def change_password(*, user: User, password: str, at: dt.datetime) -> None:
    """The person chooses a new password; whoever calls has asked for the old one."""
    if user.check_password(password):
        raise UnableToSetPassword("新密码不能与原密码相同")
    check_password(password, user)
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    viewer = queries.get_viewer(user)
    happening = Happening(
        event="access.user.password_changed",
        subject_type="access.user",
        subject_id=user.pk,
        subject_label=user.username,
        unit_path=viewer.unit_path,
    )
    actor = Actor(user.pk, viewer.name or user.username)
    journal_operations.record(happening=happening, actor=actor, at=at)


@transaction.atomic
def choose_language(*, user: User, language: str) -> None:
    """Keep the person's language for the screens; a taste, so nothing for the journal."""
    if language not in dict(settings.LANGUAGES):
        raise UnableToSetPassword("没有语言 %(language)s", language=language)
    user.language = language
    user.save(update_fields=["language"])
