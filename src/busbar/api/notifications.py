"""A person's messages: the inbox, how many wait, that they were read."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from busbar.api.paging import After, Limit, NotACursor, Page, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import Flag, Id, now
from busbar.notifications import operations as notifications_operations
from busbar.notifications import queries as notifications_queries
from busbar.notifications.models import Channel, DeliveryState, Message, ReceiptKind, Urgency

router = Router()
_MOST_DIGITS = 18


class MessageOut(Schema):
    """消息."""

    id: int
    kind: str
    urgency: Urgency
    subject: str
    body: str
    subject_type: str
    subject_id: int
    subject_label: str
    created_at: dt.datetime
    read_at: dt.datetime | None


class DeliveryOut(Schema):
    """How it travelled by one channel."""

    channel: Channel
    state: DeliveryState
    sent_at: dt.datetime | None
    error: str


class ReceiptOut(Schema):
    """送达或签收."""

    kind: ReceiptKind
    person: str
    means: str
    received_at: dt.datetime


class MessageDetailOut(MessageOut):
    """A message with its ways and receipts."""

    recipient_name: str
    deliveries: list[DeliveryOut]
    receipts: list[ReceiptOut]

    @staticmethod
    def resolve_deliveries(message: Message) -> list[Any]:
        """Its ways, prefetched."""
        return list(message.deliveries.all())

    @staticmethod
    def resolve_receipts(message: Message) -> list[Any]:
        """Its receipts, prefetched."""
        return list(message.receipts.all())


class UnreadOut(Schema):
    """How many wait, or how many were read at once."""

    count: int


@router.get("", response=answers(Page[MessageOut], 409), operation_id="list_messages")
def list_messages(
    request: HttpRequest, *, unread: Flag = False, after: After = "", limit: Limit = 50
) -> dict[str, Any]:
    """本人的消息，新的在前。"""
    if after and not (after.isdecimal() and after.isascii() and len(after) <= _MOST_DIGITS):
        raise NotACursor(f"after 的值“{after}”不是上一页给出的 next")
    page = notifications_queries.list_inbox(
        viewer_of(request), after=int(after) if after else None, unread_only=unread, limit=limit
    )
    following = str(page.next_after) if page.next_after is not None else None
    return {"items": list(page.messages), "next": following}


@router.get("/unread", response=answers(UnreadOut), operation_id="count_unread_messages")
def count_unread(request: HttpRequest) -> UnreadOut:
    """未读消息数。"""
    return UnreadOut(count=notifications_queries.count_unread(viewer_of(request)))


@router.post("/read-all", response=answers(UnreadOut), operation_id="read_all_messages")
def read_all(request: HttpRequest) -> UnreadOut:
    """全部标为已读；答复标了几条。"""
    count = notifications_operations.mark_all_read(viewer=viewer_of(request), at=now())
    return UnreadOut(count=count)


@router.get("/{message_id}", response=answers(MessageDetailOut, 404), operation_id="get_message")
def get_message(request: HttpRequest, message_id: Id) -> Message:
    """一条消息及其送达情况；也可看本单位发给客户的消息。"""
    return notifications_queries.get_message(viewer_of(request), message_id)


@router.post(
    "/{message_id}/read", response=answers(MessageOut, 403, 404), operation_id="read_message"
)
def read_message(request: HttpRequest, message_id: Id) -> Message:
    """标为已读；只限本人的消息。"""
    viewer = viewer_of(request)
    notifications_queries.get_message(viewer, message_id)
    return notifications_operations.mark_read(message_id=message_id, viewer=viewer, at=now())
