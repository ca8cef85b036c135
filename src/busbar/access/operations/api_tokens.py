"""Keys by which programs use the API in a person's name."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from django.db import transaction

from busbar.access import queries
from busbar.access.models import ApiToken, User
from busbar.access.permissions import Permission
from busbar.access.visibility import NotPermitted, Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import Happening
from busbar.kit.errors import Refusal

LONGEST_DAYS = 730
"""A key that never ends is one that nobody looks after."""


class UnableToIssueToken(Refusal):
    """The key cannot be issued."""


class UnableToRevokeToken(Refusal):
    """The key cannot be revoked."""


@dataclass(frozen=True)
class IssuedToken:
    """A new key; `plain` is shown once, only its digest is kept."""

    token: ApiToken
    plain: str


@transaction.atomic
def issue_api_token(
    *, user: User, name: str, valid_days: int, by: Viewer, at: dt.datetime
) -> IssuedToken:
    """A key for the person himself, or by an administrator for somebody of the own branch."""
    _require_owner(user, by)
    if not name.strip():
        raise UnableToIssueToken("请为令牌起一个名称")
    if not 1 <= valid_days <= LONGEST_DAYS:
        raise UnableToIssueToken(
            "有效期须为 1 至 %(longest_days)s 天，给出的是 %(valid_days)s 天",
            longest_days=LONGEST_DAYS,
            valid_days=valid_days,
        )
    if not user.is_active:
        raise UnableToIssueToken("账号 %(username)s 已停用", username=user.username)
    plain = f"busbar_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        user=user,
        name=name.strip(),
        digest=queries.digest_of(plain),
        created_at=at,
        expires_at=at + dt.timedelta(days=valid_days),
    )
    _record("access.api_token.issued", token, by, at)
    return IssuedToken(token, plain)


@transaction.atomic
def revoke_api_token(*, token: ApiToken, by: Viewer, at: dt.datetime) -> None:
    """End the key now."""
    _require_owner(token.user, by)
    token = ApiToken.objects.select_for_update().get(pk=token.pk)
    if token.revoked_at is not None:
        raise UnableToRevokeToken("令牌 %(token)s 已撤销", token=token.name)
    token.revoked_at = at
    token.save(update_fields=["revoked_at"])
    _record("access.api_token.revoked", token, by, at)


def _require_owner(user: User, by: Viewer) -> None:
    if by.user_id == user.pk:
        return
    by.require(Permission.ADMINISTER)
    path = queries.get_viewer(user).unit_path
    if not by.sees_all and not path:
        raise NotPermitted("账号 %(username)s 不在您管理的单位之内", username=user.username)
    if path:
        by.require_unit(path)


def _record(event: str, token: ApiToken, by: Viewer, at: dt.datetime) -> None:
    happening = Happening(
        event=event,
        subject_type="access.api_token",
        subject_id=token.pk,
        subject_label=f"{token.user.username} {token.name}",
        unit_path=queries.get_viewer(token.user).unit_path,
        changes={"expires_at": token.expires_at},
    )
    journal_operations.record(happening=happening, actor=by.actor, at=at)
