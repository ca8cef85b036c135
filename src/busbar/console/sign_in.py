"""How staff sign in: allauth with sign-up closed; accounts are made by an administrator."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from busbar.access import operations as access_operations
from busbar.access.models import User


class StaffAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth ships no types
    """Nobody signs up by himself; a new password goes through the operation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Closed: see `busbar.access.operations.hire_employee`."""
        return False

    def clean_password(self, password: str, user: Any = None) -> str:
        """Refuse the old password as the new one, then what the validators refuse."""
        if user is not None and user.pk and user.check_password(password):
            raise ValidationError(_("新密码不能与原密码相同"))
        checked: str = super().clean_password(password, user)
        return checked

    def set_password(self, user: User, password: str) -> None:
        """Change the password as an operation, which also lifts the duty to change it."""
        access_operations.change_password(user=user, password=password, at=timezone.now())
