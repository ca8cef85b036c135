"""今日: terms that end – schemes, changes for a time, certificates – and modes that may change."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.billing import savings
from busbar.billing.models import Saving, SavingKind
from busbar.billing.savings import SavingFilter
from busbar.connections.models import SupplyChange, SupplyScheme
from busbar.connections.queries import ending
from busbar.console.looking import Key, Look, read_day, read_weight
from busbar.console.saving_words import say_saving
from busbar.console.work_kinds import Rank, WorkItem, WorkKind
from busbar.key_accounts import queries as key_queries
from busbar.key_accounts.models import ManagerQualification
from busbar.key_accounts.queries.notice import NoticeDays

TERMS = (WorkKind.SCHEMES, WorkKind.CHANGES, WorkKind.CERTIFICATES, WorkKind.MODES)
_A_DAY = dt.timedelta(days=1)


def count_terms(seen: Look) -> dict[WorkKind, int]:
    """How many of each kind; one query a kind."""
    viewer, notice, today = seen.viewer, seen.notice, seen.today
    who: dict[str, Any] = {"mine": seen.scope.mine, "customer_id": seen.scope.customer_id}
    counts = {
        WorkKind.SCHEMES: ending.count_lapsing_schemes(
            viewer, period=notice.around(today, notice.scheme), **who
        ),
        WorkKind.CHANGES: ending.count_ending_changes(
            viewer, period=notice.around(today, notice.change), **who
        ),
        WorkKind.MODES: savings.count_savings(viewer, SavingFilter(**who)).get(SavingKind.BASIC, 0),
    }
    if seen.is_whole:
        counts[WorkKind.CERTIFICATES] = key_queries.count_ending_certificates(
            viewer, period=notice.around(today, notice.certificate), mine=seen.scope.mine
        )
    return counts


def list_terms(seen: Look, kind: WorkKind, *, after: Key | None, limit: int) -> list[WorkItem]:
    """A page of one kind: the first to end first, modes by what they save a year."""
    viewer, notice, today = seen.viewer, seen.notice, seen.today
    who: dict[str, Any] = {"mine": seen.scope.mine, "limit": limit}
    if kind == WorkKind.CERTIFICATES:
        if not seen.is_whole:
            return []
        period = notice.around(today, notice.certificate)
        held = key_queries.list_ending_certificates(
            viewer, period=period, after=read_day(after), **who
        )
        return [_of_certificate(row, name, seen) for row, name in held]
    who["customer_id"] = seen.scope.customer_id
    if kind == WorkKind.MODES:
        narrowed = SavingFilter(
            kind=SavingKind.BASIC, mine=seen.scope.mine, customer_id=seen.scope.customer_id
        )
        page = savings.list_savings(viewer, narrowed, after=read_weight(after), limit=limit)
        return [_of_mode(row) for row in page.savings]
    if kind == WorkKind.SCHEMES:
        period = notice.around(today, notice.scheme)
        schemes = ending.list_lapsing_schemes(viewer, period=period, after=read_day(after), **who)
        return [_of_scheme(row, today, notice) for row in schemes]
    period = notice.around(today, notice.change)
    changes = ending.list_ending_changes(viewer, period=period, after=read_day(after), **who)
    return [_of_change(row, today, notice) for row in changes]


def _of_scheme(row: SupplyScheme, today: dt.date, notice: NoticeDays) -> WorkItem:
    """A scheme lapses unless works begin or it is extended."""
    until = row.valid_until or today
    application = row.application
    return WorkItem(
        kind=WorkKind.SCHEMES,
        rank=_rank(until, today, notice),
        title=_ending(_("供电方案 %(number)s") % {"number": row.number}, until, today),
        reason=_("申请 %(application)s 还没有开工；到期前 %(days)s 天起提示，过期方案失效")
        % {"application": application.number, "days": notice.scheme},
        action=_("催开工或延期") if until > today else _("看申请"),
        url=reverse("application", args=[application.number]),
        customer=application.customer,
        due_on=until - _A_DAY,
        key=(f"{until}", row.pk),
    )


def _of_change(row: SupplyChange, today: dt.date, notice: NoticeDays) -> WorkItem:
    """What was stopped for a time comes back by itself, with its basic charge."""
    until = row.ends_on or today
    return WorkItem(
        kind=WorkKind.CHANGES,
        rank=_rank(until, today, notice),
        title=_ending(row.get_kind_display(), until, today),
        reason=_("变更单 %(number)s；期满恢复计收基本电费，到期前 %(days)s 天起提示")
        % {"number": row.number, "days": notice.change},
        action=_("问客户是否恢复"),
        url=reverse("change", args=[row.number]),
        customer=row.account.customer,
        account_number=row.account.number,
        due_on=until - _A_DAY,
        key=(f"{until}", row.pk),
    )


def _of_certificate(row: ManagerQualification, name: str, seen: Look) -> WorkItem:
    """Without a certificate nobody may become A角 (R74)."""
    until = row.valid_until
    return WorkItem(
        kind=WorkKind.CERTIFICATES,
        rank=_rank(until, seen.today, seen.notice),
        title=_ending(
            _("%(person)s 的%(kind)s证书") % {"person": row.employee.name, "kind": name},
            until,
            seen.today,
        ),
        reason=_("证书 %(number)s 尚无换发；无有效资格不能担任A角，到期前 %(days)s 天起提示")
        % {"number": row.certificate, "days": seen.notice.certificate},
        action=_certificate_action(seen.viewer),
        url=reverse("qualification_list"),
        due_on=until - _A_DAY,
        key=(f"{until}", row.pk),
    )


def _certificate_action(viewer: Viewer) -> str:
    return _("登记新证") if viewer.may(Permission.KEEP_QUALIFICATIONS) else _("看资格")


def _of_mode(row: Saving) -> WorkItem:
    """The basic charge may be chosen anew, and another mode would cost less."""
    return WorkItem(
        kind=WorkKind.MODES,
        rank=Rank.MONEY,
        title=_("基本电费方式可另选，每年可省"),
        reason=_("%(what)s（测算至 %(month)s）")
        % {"what": say_saving(row), "month": row.study.month},
        action=_("看测算"),
        url=reverse("bill_advice", args=[row.account.number]),
        customer=row.account.customer,
        account_number=row.account.number,
        worth_yuan=row.yearly_yuan,
        key=(str(row.yearly_yuan), row.pk),
    )


def _rank(until: dt.date, today: dt.date, notice: NoticeDays) -> Rank:
    return Rank.NOW if (until - today).days <= notice.urgent else Rank.LOOK


def _ending(what: str, until: dt.date, today: dt.date) -> str:
    """`until` is the first day on which it no longer holds."""
    days = (until - today).days
    said = {"what": what, "day": f"{until - _A_DAY}", "days": days}
    if days <= 0:
        return _("%(what)s已于 %(day)s 到期") % said
    return _("%(what)s %(day)s 到期，还有 %(days)s 天") % said
