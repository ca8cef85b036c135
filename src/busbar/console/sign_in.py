"""How staff sign in: allauth with sign-up closed; accounts are made by an administrator."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

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

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """On to the day's work; who had to change a password wants to go on."""
        return reverse("today")

    def set_password(self, user: User, password: str) -> None:
        """Change the password as an operation, which also lifts the duty to change it."""
        access_operations.change_password(user=user, password=password, at=timezone.now())


class StaffMFAAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth ships no types
    """The second step says what was wrong in the words of the page."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("验证码不正确，或已经用过、过期"),
    }


@require_safe
def forgotten_password(request: HttpRequest) -> HttpResponse:
    """Who resets a password here: nothing is ever sent by mail."""
    return render(request, "account/password_reset.html")


def closed(request: HttpRequest, rest: str = "") -> HttpResponse:
    """A page of allauth that Busbar does not have, because it would send mail."""
    raise Http404
