"""Files that go with a message: made by the room that sends it, when it is carried by e-mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from busbar.notifications.models import Message


@dataclass(frozen=True)
class Attachment:
    """A file as it travels."""

    name: str
    content_type: str
    content: bytes


class UnableToAttachError(Exception):
    """The file cannot be made now; a later attempt may do."""


Maker = Callable[[int], list[Attachment]]
"""From the id of what a message is about to its files. Raises UnableToAttachError."""

_makers: dict[str, Maker] = {}


def register_attachments(kind: str, maker: Maker) -> None:
    """Called once by the room whose messages of this kind carry files."""
    _makers[kind] = maker


def attachments_of(message: Message) -> tuple[Attachment, ...]:
    """The files of a message; none for most kinds."""
    maker = _makers.get(message.kind)
    return tuple(maker(message.subject_id)) if maker else ()
