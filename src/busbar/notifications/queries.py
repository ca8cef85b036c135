"""Reading what was said, to whom, and whether it arrived."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Prefetch

from busbar.access.visibility import Viewer
from busbar.notifications.models import (
    Delivery,
    DeliveryState,
    Message,
    MessageTemplate,
    QuietHours,
    Receipt,
)


@dataclass(frozen=True)
class InboxPage:
    """Some messages, newest first, and the key after which the next page begins."""

    messages: tuple[Message, ...]
    next_after: int | None


def list_inbox(
    viewer: Viewer, *, after: int | None = None, unread_only: bool = False, limit: int = 50
) -> InboxPage:
    """The viewer's own messages, newest first; one query. `after` is the page before's key."""
    messages = Message.objects.inbox_of(viewer.employee_id or 0)
    if unread_only:
        messages = messages.filter(read_at=None)
    if after is not None:
        messages = messages.filter(pk__lt=after)
    found = list(messages.order_by("-id")[: limit + 1])
    page = tuple(found[:limit])
    return InboxPage(page, page[-1].pk if len(found) > limit else None)


def count_unread(viewer: Viewer) -> int:
    """How many of the viewer's messages wait to be read; one query over an index."""
    return Message.objects.inbox_of(viewer.employee_id or 0).filter(read_at=None).count()


def get_message(viewer: Viewer, message_id: int) -> Message:
    """One message with its deliveries and receipts; DoesNotExist where it may not be seen."""
    messages: list[Message] = list(_whole(viewer).filter(pk=message_id))
    if not messages:
        raise Message.DoesNotExist
    return messages[0]


def list_messages_about(viewer: Viewer, subject_type: str, subject_id: int) -> list[Message]:
    """What was said about one thing, oldest first, with deliveries and receipts."""
    about = _whole(viewer).filter(subject_type=subject_type, subject_id=subject_id)
    return list(about.order_by("id"))


def list_receipts(viewer: Viewer, subject_type: str, subject_id: int) -> list[Receipt]:
    """The receipts of one thing, oldest first."""
    receipts = Receipt.objects.visible_to(viewer)
    found = receipts.filter(subject_type=subject_type, subject_id=subject_id)
    return list(found.order_by("id"))


def list_given_up(viewer: Viewer, *, limit: int = 100) -> list[Delivery]:
    """Deliveries that somebody must look after, newest first."""
    given_up = Delivery.objects.visible_to(viewer).filter(state=DeliveryState.GIVEN_UP)
    return list(given_up.select_related("message").order_by("-id")[:limit])


def list_templates() -> list[MessageTemplate]:
    """The words of every kind of message."""
    return list(MessageTemplate.objects.order_by("kind"))


def list_quiet_hours() -> list[QuietHours]:
    """When channels are silent for customers."""
    return list(QuietHours.objects.order_by("channel"))


def _whole(viewer: Viewer):  # type: ignore[no-untyped-def] # a queryset of a queryset class
    deliveries = Prefetch("deliveries", Delivery.objects.order_by("id"))
    receipts = Prefetch("receipts", Receipt.objects.order_by("id"))
    return Message.objects.visible_to(viewer).prefetch_related(deliveries, receipts)
