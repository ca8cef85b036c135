"""One timeline of a customer: talks, promises, complaints, bills, stops, works, papers (U5, R82).

Each source is read by index for its newest rows before the key, and the rows are merged: a page
costs one query a source, whatever its number. The key is (moment, source, id), so that rows of
one moment are neither lost nor shown twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from busbar.access.visibility import Viewer
from busbar.arrears.models import DunningCase
from busbar.billing.models import Bill
from busbar.connections.models import ConnectionApplication, ServiceOrder, SupplyChange
from busbar.customers.models import Document
from busbar.notifications.models import Message
from busbar.outages.models import AffectedPoint, Outage
from busbar.service_desk.models import (
    AnswerState,
    Complaint,
    ImprovementTask,
    Interaction,
    InteractionState,
    Promise,
    SurveyInvitation,
)

_SHORT = 160
Key = tuple[dt.datetime, int, int]


@dataclass(frozen=True)
class Happened:
    """One entry: when, what, in which words, where it leads."""

    at: dt.datetime
    source: str
    title: str
    text: str
    url: str
    key: Key

    @property
    def icon(self) -> str:
        """The source's icon."""
        return SOURCES[self.source].icon

    @property
    def label(self) -> str:
        """The source's name."""
        return str(SOURCES[self.source].label)


@dataclass(frozen=True)
class Source:
    """Where entries come from: rows of a customer, the field of their moment, their words."""

    label: str | LazyText
    icon: str
    moment: str
    rows: Callable[[Viewer, int], QuerySet[Any, Any]]
    words: Callable[[Any], tuple[str, str, str]]


@dataclass(frozen=True)
class TimelinePage:
    """Some entries, the newest first, and the key after which the next page begins."""

    entries: list[Happened]
    next_before: str


def read_timeline(
    viewer: Viewer, customer_id: int, *, only: str = "", before: Key | None = None, limit: int
) -> TimelinePage:
    """The newest entries before the key, of all sources or of one."""
    found: list[Happened] = []
    for place, name in enumerate(SOURCES):
        if only in ("", name):
            found += _read(viewer, customer_id, name, place, before, limit + 1)
    found.sort(key=lambda entry: entry.key, reverse=True)
    shown = found[:limit]
    more = write_key(shown[-1].key) if len(found) > limit else ""
    return TimelinePage(shown, more)


def write_key(key: Key) -> str:
    """A key as an address carries it."""
    return f"{key[0].timestamp():.6f}_{key[1]}_{key[2]}"


def read_key(text: str) -> Key | None:
    """The key an address carries; None at the beginning and for anything else."""
    try:
        moment, place, row = text.split("_")
        return dt.datetime.fromtimestamp(float(moment), dt.UTC), int(place), int(row)
    except (ValueError, OverflowError, OSError):
        return None


def _read(
    viewer: Viewer, customer_id: int, name: str, place: int, before: Key | None, limit: int
) -> list[Happened]:
    source = SOURCES[name]
    rows = source.rows(viewer, customer_id).filter(**{f"{source.moment}__isnull": False})
    if before is not None:
        rows = rows.filter(_older(source.moment, place, before))
    entries = []
    for row in rows.order_by(f"-{source.moment}", "-pk")[:limit]:
        moment: dt.datetime = getattr(row, source.moment)
        title, text, url = source.words(row)
        entries.append(Happened(moment, name, title, text, url, (moment, place, row.pk)))
    return entries


def _older(field: str, place: int, before: Key) -> Q:
    """Rows of a source that come after the key: `place` orders sources of one moment."""
    moment, at_place, row = before
    older = Q(**{f"{field}__lt": moment})
    if place < at_place:
        return older | Q(**{field: moment})
    if place == at_place:
        return older | Q(**{field: moment, "pk__lt": row})
    return older


def _interactions(viewer: Viewer, customer: int) -> QuerySet[Any, Any]:
    rows = Interaction.objects.visible_to(viewer).filter(customer=customer)
    found: QuerySet[Any, Any] = rows.filter(state=InteractionState.DONE).select_related("owner")
    return found


def _of_interaction(row: Interaction) -> tuple[str, str, str]:
    said = row.findings or row.minutes
    title = f"{row.get_kind_display()}：{row.subject}"
    who = row.their_people or row.contact_name
    return (
        title,
        "　".join(filter(None, (who, said[:_SHORT]))),
        reverse("interaction", args=[row.pk]),
    )


def _promises(viewer: Viewer, customer: int) -> QuerySet[Any, Any]:
    rows = Promise.objects.visible_to(viewer).filter(customer=customer)
    found: QuerySet[Any, Any] = rows.select_related("clock", "owner")
    return found


def _of_promise(row: Promise) -> tuple[str, str, str]:
    ended = row.kept_at or row.withdrawn_at
    late = _("，超期") if ended and row.is_late(ended) else ""
    text = f"{row.get_state_display()}{late}　{row.owner.name}"
    return _("承诺：%(text)s") % {"text": row.text}, text, reverse("promise", args=[row.pk])


def _complaints(viewer: Viewer, customer: int) -> QuerySet[Any, Any]:
    found: QuerySet[Any, Any] = Complaint.objects.visible_to(viewer).filter(customer=customer)
    return found


def _of_complaint(row: Complaint) -> tuple[str, str, str]:
    title = _("投诉：%(kind)s") % {"kind": row.get_kind_display()}
    text = f"{row.get_state_display()}　{row.text[:_SHORT]}"
    return title, text, reverse("complaint", args=[row.number])


def _improvements(viewer: Viewer, customer: int) -> QuerySet[Any, Any]:
    rows = ImprovementTask.objects.visible_to(viewer)
    found: QuerySet[Any, Any] = rows.filter(customer=customer)
    return found


def _of_improvement(row: ImprovementTask) -> tuple[str, str, str]:
    title = _("满意度由 %(before)s 降到 %(now)s") % {
        "before": f"{row.score_before:.1f}",
        "now": f"{row.score_now:.1f}",
    }
    return title, row.measure[:_SHORT], reverse("improvement", args=[row.pk])


def _answers(viewer: Viewer, customer: int) -> QuerySet[Any, Any]:
    rows = SurveyInvitation.objects.visible_to(viewer).filter(customer=customer)
    found: QuerySet[Any, Any] = rows.exclude(state=AnswerState.WAITING).select_related("survey")
    return found


def _of_answer(row: SurveyInvitation) -> tuple[str, str, str]:
    text = "　".join(filter(None, (str(row.get_state_display()), row.person, row.remark)))
    return row.survey.name, text, reverse("survey_answer", args=[row.pk])


def _bills(viewer: Viewer, customer: int) -> QuerySet[Any, Any]:
    rows = Bill.objects.visible_to(viewer).filter(account__customer=customer)
    found: QuerySet[Any, Any] = rows.select_related("account").defer("facts", "quantities")
    return found


def _of_bill(row: Bill) -> tuple[str, str, str]:
    title = _("%(month)s 电费 %(amount)s 元") % {"month": row.month, "amount": f"{row.amount:,}"}
    corrected = _("更正：%(reason)s") % {"reason": row.reason} if row.revision else ""
    text = "　".join(filter(None, (row.account.number, corrected)))
    return title, text, reverse("bill", args=[row.account.number, row.month])


def _outages(viewer: Viewer, customer: int) -> QuerySet[Any, Any]:
    touched = AffectedPoint.objects.visible_to(viewer).filter(account__customer=customer)
    found: QuerySet[Any, Any] = Outage.objects.filter(pk__in=touched.values("outage"))
    return found


def _of_outage(row: Outage) -> tuple[str, str, str]:
    text = f"{row.get_state_display()}　{row.reason}"
    return str(row.get_kind_display()), text, reverse("outage", args=[row.number])


def _applications(viewer: Viewer, customer: int) -> QuerySet[Any, Any]:
    rows = ConnectionApplication.objects.visible_to(viewer)
    found: QuerySet[Any, Any] = rows.filter(customer=customer)
    return found


def _of_application(row: ConnectionApplication) -> tuple[str, str, str]:
    title = _("业扩报装：%(kind)s %(kva)s kVA") % {
        "kind": row.get_kind_display(),
        "kva": f"{row.requested_kva:,}",
    }
    text = f"{row.number}　{row.get_state_display()}"
    return title, text, reverse("application", args=[row.number])


def _changes(viewer: Viewer, customer: int) -> QuerySet[Any, Any]:
    rows = SupplyChange.objects.visible_to(viewer).filter(customer=customer)
    found: QuerySet[Any, Any] = rows.select_related("account")
    return found


def _of_change(row: SupplyChange) -> tuple[str, str, str]:
    title = _("变更用电：%(kind)s") % {"kind": row.get_kind_display()}
    text = f"{row.account.number}　{row.get_state_display()}"
    return title, text, reverse("change", args=[row.number])


def _orders(viewer: Viewer, customer: int) -> QuerySet[Any, Any]:
    found: QuerySet[Any, Any] = ServiceOrder.objects.visible_to(viewer).filter(customer=customer)
    return found


def _of_order(row: ServiceOrder) -> tuple[str, str, str]:
    title = f"{row.get_kind_display()}：{row.topic}"
    text = f"{row.get_state_display()}　{row.result[:_SHORT]}"
    return title, text, reverse("service_order", args=[row.number])


def _cases(viewer: Viewer, customer: int) -> QuerySet[Any, Any]:
    rows = DunningCase.objects.visible_to(viewer).filter(account__customer=customer)
    found: QuerySet[Any, Any] = rows.select_related("account")
    return found


def _of_case(row: DunningCase) -> tuple[str, str, str]:
    text = f"{row.account.number}　{row.get_state_display()}"
    return (
        _("催费：%(number)s") % {"number": row.number},
        text,
        reverse("arrears_case", args=[row.number]),
    )


def _documents(viewer: Viewer, customer: int) -> QuerySet[Any, Any]:
    found: QuerySet[Any, Any] = Document.objects.visible_to(viewer).filter(customer=customer)
    return found


def _of_document(row: Document) -> tuple[str, str, str]:
    return row.title, row.uploaded_by, reverse("document", args=[row.pk])


def _messages(viewer: Viewer, customer: int) -> QuerySet[Any, Any]:
    """What was said to the customer by the system; not what it told our own people."""
    rows = Message.objects.visible_to(viewer).filter(customer=customer)
    found: QuerySet[Any, Any] = rows.filter(employee=None)
    return found


def _of_message(row: Message) -> tuple[str, str, str]:
    return row.subject, f"{row.recipient_name}　{row.body[:_SHORT]}", ""


SOURCES: dict[str, Source] = {
    "talk": Source(gettext_lazy("往来"), "messages", "happened_at", _interactions, _of_interaction),
    "promise": Source(gettext_lazy("承诺"), "hand-stop", "made_at", _promises, _of_promise),
    "complaint": Source(
        gettext_lazy("投诉"), "alert-triangle", "received_at", _complaints, _of_complaint
    ),
    "improvement": Source(
        gettext_lazy("整改"), "trending-down", "opened_at", _improvements, _of_improvement
    ),
    "survey": Source(gettext_lazy("问卷"), "clipboard-list", "answered_at", _answers, _of_answer),
    "bill": Source(gettext_lazy("账单"), "receipt-yuan", "released_at", _bills, _of_bill),
    "outage": Source(gettext_lazy("停电"), "bolt-off", "begun_at", _outages, _of_outage),
    "connection": Source(
        gettext_lazy("业扩"), "plug", "submitted_at", _applications, _of_application
    ),
    "change": Source(gettext_lazy("变更用电"), "transform", "requested_at", _changes, _of_change),
    "order": Source(gettext_lazy("服务工单"), "headset", "ordered_at", _orders, _of_order),
    "dunning": Source(gettext_lazy("催费"), "bell-ringing", "opened_at", _cases, _of_case),
    "document": Source(gettext_lazy("附件"), "paperclip", "uploaded_at", _documents, _of_document),
    "message": Source(gettext_lazy("通知"), "bell", "created_at", _messages, _of_message),
}
"""In order of rank among entries of one moment."""
