"""What is said and when channels are silent: data that an administrator changes."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db import transaction

from busbar.access.permissions import Permission
from busbar.access.visibility import Viewer
from busbar.journal import operations as journal_operations
from busbar.journal.operations import SYSTEM, Actor, Happening
from busbar.kit.errors import Listing, Refusal
from busbar.notifications import wording
from busbar.notifications.models import Channel, MessageTemplate, QuietHours, Urgency

SHIPPED = Path(__file__).resolve().parent.parent / "seed" / "shipped.toml"


class UnableToChangeTemplate(Refusal):
    """The words ask for facts that this kind of message does not have, or say nothing."""


@transaction.atomic
def load_shipped_words(*, at: dt.datetime) -> int:
    """Add shipped templates and quiet hours that are not there; what was changed stays.

    Safe to run again; how many were added.
    """
    shipped: dict[str, list[dict[str, Any]]] = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    added: list[tuple[MessageTemplate | QuietHours, bool]] = [
        MessageTemplate.objects.get_or_create(kind=row.pop("kind"), defaults=row)
        for row in shipped["template"]
    ]
    added += [
        QuietHours.objects.get_or_create(channel=row.pop("channel"), defaults=row)
        for row in shipped["quiet_hours"]
    ]
    rows = [row for row, is_new in added if is_new]
    happenings = [_happening(row, "loaded", {}) for row in rows]
    journal_operations.record_many(happenings=happenings, actor=SYSTEM, at=at)
    return len(rows)


@transaction.atomic
def change_template(
    *,
    kind: str,
    subject: str,
    body: str,
    channels: Sequence[str],
    viewer: Viewer,
    at: dt.datetime,
    urgency: str = Urgency.NORMAL,
) -> MessageTemplate:
    """Give a kind of message other words; they may only name the facts that they named before."""
    viewer.require(Permission.ADMINISTER)
    template = MessageTemplate.objects.select_for_update().filter(kind=kind).first()
    if template is None:
        raise UnableToChangeTemplate("没有“%(kind)s”这种消息", kind=kind)
    if not subject.strip() or not body.strip():
        raise UnableToChangeTemplate("标题和正文都不能为空")
    known = wording.names_in(template.subject + template.body)
    unknown = wording.names_in(subject + body) - known
    if unknown:
        names = "、".join(sorted(unknown))
        raise UnableToChangeTemplate(
            "此类消息没有 %(names)s 这项内容，可用的有：%(known)s",
            names=names,
            known=Listing(sorted(known)),
        )
    if not channels or set(channels) - set(Channel.values) or urgency not in Urgency.values:
        raise UnableToChangeTemplate("请选择发送渠道和紧急程度")
    before = {"subject": template.subject, "body": template.body, "channels": template.channels}
    template.subject, template.body = subject.strip(), body.strip()
    template.channels, template.urgency = list(channels), urgency
    template.save()
    _record(template, "changed", viewer.actor, at, {"before": before})
    return template


@transaction.atomic
def change_quiet_hours(
    *,
    channel: str,
    starts: dt.time,
    ends: dt.time,
    source: str,
    viewer: Viewer,
    at: dt.datetime,
) -> QuietHours:
    """When a channel is silent for customers, and on what ground."""
    viewer.require(Permission.ADMINISTER)
    if channel not in (Channel.SMS, Channel.EMAIL):
        raise UnableToChangeTemplate("只有短信和邮件可以设置免打扰时段")
    if starts == ends or not source.strip():
        raise UnableToChangeTemplate("请填写起止不同的时段和依据")
    hours, _ = QuietHours.objects.update_or_create(
        channel=channel, defaults={"starts": starts, "ends": ends, "source": source.strip()}
    )
    facts = {"starts": starts, "ends": ends, "source": source}
    _record(hours, "changed", viewer.actor, at, facts)
    return hours


def _record(
    row: MessageTemplate | QuietHours,
    verb: str,
    actor: Actor,
    at: dt.datetime,
    changes: dict[str, Any],
) -> None:
    journal_operations.record(happening=_happening(row, verb, changes), actor=actor, at=at)


def _happening(row: MessageTemplate | QuietHours, verb: str, changes: dict[str, Any]) -> Happening:
    noun = "template" if isinstance(row, MessageTemplate) else "quiet_hours"
    return Happening(
        event=f"notifications.{noun}.{verb}",
        subject_type=f"notifications.{noun}",
        subject_id=row.pk,
        subject_label=str(row),
        changes=changes,
    )
