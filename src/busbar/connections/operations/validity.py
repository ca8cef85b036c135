"""How long a scheme holds: extension asked for in time, granted once over, lapse (R55, R56)."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import SYSTEM_VIEWER, Viewer
from busbar.clocks import queries as clocks_queries
from busbar.clocks.reckoning import Reckoning, midnight
from busbar.connections.models import (
    ApplicationState,
    ConnectionApplication,
    ExtensionState,
    SchemeExtension,
    SchemeState,
    SupplyScheme,
)
from busbar.connections.operations.scheme_ground import (
    changes_of,
    hold_scheme,
    lock_scheme,
    require_state,
    write,
)
from busbar.connections.recording import record_step
from busbar.connections.subjects import APPLICATION, advance
from busbar.kit.errors import Phrase, Refusal
from busbar.kit.periods import local_date
from busbar.notifications import operations as notifications_operations
from busbar.notifications.operations import About, Recipient, UnableToSendMessage

EXTENSION_NOTICE = "scheme-extension-notice"
"""Time-limit code: how long before the end an extension must be asked for."""
_ONE_DAY = dt.timedelta(days=1)
logger = logging.getLogger(__name__)


class UnableToExtendScheme(Refusal):
    """There is no validity to extend, or the request cannot be decided so."""


@dataclass(frozen=True)
class ExtensionBounds:
    """Within what an extension may be asked for; days, the last ones included.

    `last_request_on`: the last day in time; `longest_until`: the day after the last day that may
    be granted. `notice` and `validity` are the limits with their clauses.
    """

    last_request_on: dt.date
    longest_until: dt.date
    notice: Reckoning
    validity: Reckoning


def bounds_of(scheme: SupplyScheme) -> ExtensionBounds:
    """By the limits in force at the unit: notice before the present end, one validity at most.

    Both are reckoned in calendar time from the last day of the validity: a year on from
    29 February ends on 28 February.
    """
    if scheme.valid_until is None or scheme.first_valid_until is None:
        raise UnableToExtendScheme("供电方案 %(number)s 尚未答复，没有有效期", number=scheme.number)
    path = scheme.application.unit.path
    last_on = scheme.valid_until - _ONE_DAY
    notice = clocks_queries.reckon(EXTENSION_NOTICE, start=midnight(last_on), unit_path=path)
    first_last_on = scheme.first_valid_until - _ONE_DAY
    validity = clocks_queries.reckon(
        scheme.validity_code, start=midnight(first_last_on), unit_path=path
    )
    return ExtensionBounds(notice.due_on, validity.due_on + _ONE_DAY, notice, validity)


@transaction.atomic
def request_extension(
    *,
    scheme_id: int,
    reason: str,
    by: Viewer,
    at: dt.datetime,
    until: dt.date | None = None,
) -> SchemeExtension:
    """Record the customer's request; out of time or beyond one validity it is refused at once.

    `until` is the last day asked for; without it the longest that may be granted. A request
    that the rules refuse is kept as REFUSED with the clause and the sentence for the customer:
    that is the answer, not an error. Raises UnableToExtendScheme only where there is nothing to
    extend (not replied, started, lapsed, another request open).
    """
    by.require(Permission.ACCEPT_APPLICATIONS)
    scheme = _lock_replied(scheme_id, by)
    if not reason.strip():
        raise UnableToExtendScheme("请写明延期的理由")
    if scheme.extensions.filter(state=ExtensionState.REQUESTED).exists():
        raise UnableToExtendScheme(
            "供电方案 %(number)s 已有一份延期申请待答复", number=scheme.number
        )
    bounds, today = bounds_of(scheme), local_date(at)
    asked = until + _ONE_DAY if until else bounds.longest_until
    clause, why_not = _why_not(scheme, bounds, asked, today)
    answer = str(why_not or "")
    extension = SchemeExtension.objects.create(
        scheme=scheme,
        state=ExtensionState.REFUSED if answer else ExtensionState.REQUESTED,
        requested_on=today,
        requested_at=at,
        last_request_on=bounds.last_request_on,
        asked_until=asked,
        reason=reason.strip()[:500],
        clause=clause[:300],
        answer=answer,
        decided_by_name=by.name if answer else "",
        decided_at=at if answer else None,
    )
    verb = "extension_refused" if answer else "extension_requested"
    _record(f"connections.scheme.{verb}", extension, by, at, reason=answer or extension.reason)
    return extension


def _lock_replied(scheme_id: int, by: Viewer) -> SupplyScheme:
    scheme = lock_scheme(
        scheme_id,
        by=by,
        refusal=UnableToExtendScheme,
        states=(SchemeState.REPLIED,),
        what="申请延期",
    )
    require_state(
        scheme.application,
        (ApplicationState.REPLIED,),
        refusal=UnableToExtendScheme,
        what="申请延期",
    )
    return scheme


def _why_not(
    scheme: SupplyScheme, bounds: ExtensionBounds, asked: dt.date, today: dt.date
) -> tuple[str, Phrase | None]:
    """Clause and sentence of a refusal; neither where the request is in order."""
    assert scheme.valid_until is not None  # noqa: S101 - bounds_of has refused without it
    last_on = scheme.valid_until - _ONE_DAY
    if today > bounds.last_request_on:
        limit = bounds.notice.limit
        return limit.clause, Phrase(
            "方案有效期到 %(last_on)s，延期至迟应在 %(latest)s 申请，%(today)s 已逾期",
            last_on=last_on,
            latest=bounds.last_request_on,
            today=today,
        )
    if scheme.valid_until >= bounds.longest_until:
        return _cap_clause(bounds), Phrase(
            "方案已延长满一个有效期（到 %(last_on)s），不能再延长", last_on=last_on
        )
    if asked > bounds.longest_until:
        longest = bounds.longest_until - _ONE_DAY
        return _cap_clause(bounds), Phrase(
            "延长累计不得超过一个有效期，至多到 %(longest)s，不能延到 %(asked)s",
            longest=longest,
            asked=asked - _ONE_DAY,
        )
    if asked <= scheme.valid_until:
        return _cap_clause(bounds), Phrase(
            "申请的截止日应晚于现有效期的最后一日 %(last_on)s", last_on=last_on
        )
    return "", None


def _cap_clause(bounds: ExtensionBounds) -> str:
    limit = bounds.validity.limit
    return f"《{limit.document}》{limit.source}： 延长不得超过一个有效期"


@transaction.atomic
def grant_extension(
    *, extension_id: int, remark: str, by: Viewer, at: dt.datetime
) -> SchemeExtension:
    """Grant what was asked in time; the scheme and its validity clock run on to the new end.

    Granted for the day it was asked on, even when decided after the old end, as long as the
    scheme has not lapsed. Raises UnableToExtendScheme.
    """
    extension, scheme = _lock_open(extension_id, by)
    bounds = bounds_of(scheme)
    clause, why_not = _why_not(scheme, bounds, extension.asked_until, extension.requested_on)
    if why_not:
        raise UnableToExtendScheme("%(answer)s(%(clause)s)", answer=why_not, clause=clause)
    _decide(extension, ExtensionState.GRANTED, remark, by, at)
    extension.granted_until = extension.asked_until
    extension.clause = bounds.notice.limit.clause[:300]
    extension.save()
    write(scheme, valid_until=extension.asked_until)
    _record(
        "connections.scheme.extended",
        extension,
        by,
        at,
        reason=remark.strip(),
        facts={"extended_until": extension.asked_until - _ONE_DAY},
    )
    return extension


@transaction.atomic
def refuse_extension(
    *, extension_id: int, reason: str, clause: str, by: Viewer, at: dt.datetime
) -> SchemeExtension:
    """Refuse a request with the reason and the clause it rests on."""
    extension, _ = _lock_open(extension_id, by)
    if not reason.strip() or not clause.strip():
        raise UnableToExtendScheme("不予延长须写明理由和依据的条款")
    _decide(extension, ExtensionState.REFUSED, reason, by, at)
    extension.clause = clause.strip()[:300]
    extension.save()
    _record("connections.scheme.extension_refused", extension, by, at, reason=reason.strip())
    return extension


def _lock_open(extension_id: int, by: Viewer) -> tuple[SchemeExtension, SupplyScheme]:
    by.require(Permission.APPROVE_SCHEMES)
    seen = SchemeExtension.objects.visible_to(by).filter(pk=extension_id).first()
    if seen is None:
        raise UnableToExtendScheme("没有这份延期申请，或不在您的范围之内")
    scheme = _lock_replied(seen.scheme_id, by)
    extension = SchemeExtension.objects.get(pk=extension_id)
    if extension.state != ExtensionState.REQUESTED:
        raise UnableToExtendScheme(
            "这份延期申请%(state)s，不能再答复", state=extension.get_state_display()
        )
    extension.scheme = scheme
    return extension, scheme


def _decide(
    extension: SchemeExtension, state: ExtensionState, words: str, by: Viewer, at: dt.datetime
) -> None:
    extension.state, extension.answer = state, words.strip()[:500]
    extension.decided_by_id, extension.decided_by_name = by.employee_id, by.name
    extension.decided_at = at


def _record(
    event: str,
    extension: SchemeExtension,
    by: Viewer,
    at: dt.datetime,
    *,
    reason: str,
    facts: dict[str, object] | None = None,
) -> None:
    scheme = extension.scheme
    record_step(
        event=event,
        application=scheme.application,
        actor=by.actor,
        at=at,
        reason=reason,
        facts=facts,
        changes=changes_of(
            scheme,
            requested_on=extension.requested_on,
            asked_until=extension.asked_until - _ONE_DAY,
            last_request_on=extension.last_request_on,
            valid_until=scheme.valid_until,
            clause=extension.clause,
        ),
    )


def lapse_schemes(*, at: dt.datetime) -> list[SupplyScheme]:
    """Every scheme whose last day has passed without works lapses; each in its own transaction.

    Safe to run twice and after days of standstill. A request made in time and still open holds
    the scheme back until it is decided: the customer is not to lose by our delay. Returns those
    that lapsed now; one that cannot is logged and does not hold up the others.
    """
    due = SupplyScheme.objects.filter(
        state=SchemeState.REPLIED, valid_until__lte=local_date(at)
    ).exclude(extensions__state=ExtensionState.REQUESTED)
    lapsed = []
    for scheme_id, application_id in due.order_by("valid_until", "pk").values_list(
        "pk", "application_id"
    ):
        try:
            lapsed.append(_lapse(scheme_id, application_id, at))
        except Refusal as refusal:
            logger.warning("scheme %s does not lapse: %s", scheme_id, refusal)
    return lapsed


@transaction.atomic
def _lapse(scheme_id: int, application_id: int, at: dt.datetime) -> SupplyScheme:
    scheme = hold_scheme(
        scheme_id,
        application_id,
        refusal=UnableToExtendScheme,
        states=(SchemeState.REPLIED,),
        what="失效",
    )
    application: ConnectionApplication = scheme.application
    if scheme.valid_until is None or scheme.valid_until > local_date(at):
        raise UnableToExtendScheme("供电方案 %(number)s 的有效期已延长", number=scheme.number)
    if scheme.extensions.filter(state=ExtensionState.REQUESTED).exists():
        raise UnableToExtendScheme("供电方案 %(number)s 的延期申请尚未答复", number=scheme.number)
    limit = clocks_queries.get_limit(
        scheme.validity_code,
        on=scheme.valid_from or scheme.valid_until,
        unit_path=application.unit.path,
    )
    last_on = scheme.valid_until - _ONE_DAY
    reason = f"供电方案有效期到 {last_on}，受电工程未开工，方案失效，申请注销"
    clause = limit.clause
    write(scheme, state=SchemeState.LAPSED)
    if application.state == ApplicationState.REPLIED:
        advance(
            application,
            ApplicationState.LAPSED,
            ended_reason=reason[:500],
            ended_clause=clause[:200],
        )
    record_step(
        event="connections.scheme.lapsed",
        application=application,
        actor=SYSTEM_VIEWER.actor,
        at=at,
        reason=reason,
        changes=changes_of(scheme, valid_until=scheme.valid_until, clause=clause),
    )
    if application.state == ApplicationState.LAPSED:
        # It ends with its scheme; whatever other limit still ran for it ends too.
        record_step(
            event="connections.application.lapsed",
            application=application,
            actor=SYSTEM_VIEWER.actor,
            at=at,
            reason=reason,
        )
    _tell_customer(application, last_on, at)
    return scheme


def _tell_customer(application: ConnectionApplication, last_on: dt.date, at: dt.datetime) -> None:
    """Say it to whoever the application names; without a way to reach him it is logged."""
    about = About(
        subject_type=APPLICATION,
        subject_id=application.pk,
        unit_id=application.unit_id,
        label=application.number,
        customer_id=application.customer_id,
    )
    try:
        notifications_operations.send_message(
            kind="connections.scheme.lapsed",
            to=Recipient(address=application.contact_phone, name=application.contact_name),
            about=about,
            facts={
                "name": application.contact_name,
                "number": application.number,
                "last_on": str(last_on),
            },
            actor=SYSTEM_VIEWER.actor,
            at=at,
            key=f"connections.scheme.lapsed:{application.pk}:{last_on}",
        )
    except UnableToSendMessage as refusal:
        logger.warning("customer of %s is not told: %s", application.number, refusal)
