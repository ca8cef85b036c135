"""Carrying what is queued to the gateways: each delivery taken once, repeated with care.

An attempt is committed before the gateway is asked and its result after, each in a transaction
of its own: no lock is held while the world answers. An attempt that was cut off between the two
is repeated, with the same key, only where the gateway recognizes keys; elsewhere a person must
look, because saying it twice is worse than asking.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.db import transaction

from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Happening
from busbar.notifications.attachments import UnableToAttachError, attachments_of
from busbar.notifications.gateways import (
    Gateway,
    GatewayError,
    Letter,
    LetterRefusedError,
    gateway_for,
)
from busbar.notifications.models import Channel, Delivery, DeliveryState, QuietHours, Urgency
from busbar.notifications.timing import LEASE, after_quiet, next_try

_POSTPONED = "postponed"
_CUT_OFF = "发送时中断，是否到达不明，请人工核实"


@dataclass(frozen=True)
class Delivered:
    """What one round did."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0
    postponed: int = 0


def deliver_due(*, at: dt.datetime, limit: int = 1000) -> Delivered:
    """Try every delivery that is due, up to `limit`; quiet hours put customers' off.

    Safe to run twice at once and to be killed anywhere.
    """
    counted: Counter[str] = Counter()
    while counted.total() < limit:
        delivery, outcome = _take(at)
        if delivery is None:
            break
        counted[outcome or _attempt(delivery, at)] += 1
    return Delivered(
        sent=counted[DeliveryState.SENT],
        failed=counted[DeliveryState.FAILED],
        given_up=counted[DeliveryState.GIVEN_UP],
        postponed=counted[_POSTPONED],
    )


@transaction.atomic
def _take(at: dt.datetime) -> tuple[Delivery | None, str]:
    """The next due delivery and what became of it; nothing yet where it is marked as being sent.

    One at a time, so that a kill leaves at most one delivery of which nobody knows.
    """
    due = Delivery.objects.select_for_update(skip_locked=True).filter(next_try_at__lte=at)
    delivery: Delivery | None = due.order_by("next_try_at", "id").first()
    if delivery is None:
        return None, ""
    if delivery.state == DeliveryState.SENDING and not _gateway(delivery).repeats_safely:
        return delivery, _settle(delivery, DeliveryState.GIVEN_UP, at, error=_CUT_OFF)
    later = _after_quiet(delivery, at)
    if later > at:
        delivery.next_try_at = later
        delivery.save(update_fields=["next_try_at"])
        return delivery, _POSTPONED
    delivery.state = DeliveryState.SENDING
    delivery.attempts += 1
    delivery.next_try_at = at + LEASE
    delivery.save(update_fields=["state", "attempts", "next_try_at"])
    return delivery, ""


def _after_quiet(delivery: Delivery, at: dt.datetime) -> dt.datetime:
    message = delivery.message
    hours = QuietHours.objects.filter(channel=delivery.channel).first()
    if hours is None or message.employee_id or message.urgency == Urgency.CRITICAL:
        return at
    return after_quiet(at, hours.starts, hours.ends)


def _gateway(delivery: Delivery) -> Gateway:
    return gateway_for(delivery.channel)


def _attempt(delivery: Delivery, at: dt.datetime) -> DeliveryState:
    """Ask the gateway and write down what it said; an unknown error fails the attempt too."""
    try:
        reference = _gateway(delivery).send(_letter(delivery, at))
    except LetterRefusedError as error:
        return _settle(delivery, DeliveryState.GIVEN_UP, at, error=str(error))
    except (GatewayError, UnableToAttachError) as error:
        return _put_back(delivery, at, str(error))
    return _settle(delivery, DeliveryState.SENT, at, reference=reference)


def _letter(delivery: Delivery, at: dt.datetime) -> Letter:
    message = delivery.message
    return Letter(
        key=str(delivery.key),
        channel=delivery.channel,
        address=delivery.address,
        name=message.recipient_name,
        subject=message.subject,
        body=message.body,
        at=at,
        attempt=delivery.attempts,
        attachments=attachments_of(message) if delivery.channel == Channel.EMAIL else (),
    )


def _put_back(delivery: Delivery, at: dt.datetime, error: str) -> DeliveryState:
    again = next_try(delivery.attempts, at)
    if again is None:
        return _settle(delivery, DeliveryState.GIVEN_UP, at, error=error)
    mine = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts)
    mine.update(state=DeliveryState.FAILED, next_try_at=again, error=error[:500])
    return DeliveryState.FAILED


@transaction.atomic
def _settle(
    delivery: Delivery,
    state: DeliveryState,
    at: dt.datetime,
    *,
    reference: str = "",
    error: str = "",
) -> DeliveryState:
    """The end of a delivery, with its journal entry; no later attempt may have begun."""
    mine = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts)
    changed = mine.exclude(state__in=(DeliveryState.SENT, DeliveryState.GIVEN_UP)).update(
        state=state,
        next_try_at=None,
        sent_at=at if state == DeliveryState.SENT else None,
        gateway_reference=reference,
        error=error[:500],
    )
    if changed:
        journal_operations.record(
            happening=_happening(delivery, state, reference or error), actor=SYSTEM, at=at
        )
    return state


def _happening(delivery: Delivery, state: DeliveryState, said: str) -> Happening:
    message = delivery.message
    return Happening(
        event=f"notifications.delivery.{state.value}",
        subject_type="notifications.message",
        subject_id=message.pk,
        subject_label=message.subject,
        customer_id=message.customer_id,
        unit_path=message.unit.path,
        changes={"channel": delivery.channel, "attempts": delivery.attempts, "said": said[:200]},
    )
