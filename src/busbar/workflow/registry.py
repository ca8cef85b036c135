"""What the rooms above lend to the engine: processes, handlers, services, lists of choices.

Rooms register in `apps.py: ready()`; a definition names what it uses, and is refused where a name
is not registered. Nothing else of the rooms above is known here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from busbar.access.visibility import Viewer
from busbar.journal.operations import Actor

if TYPE_CHECKING:
    from busbar.workflow.models import ProcessInstance, TaskAttachment, UserTask


@dataclass(frozen=True)
class TaskCompletion:
    """A task being completed, as its handler sees it, inside the completing transaction.

    `data` holds the form's checked values typed (Decimal, date, aware datetime, bool, list);
    `files` the attachments that came with it; `outcome` is `data["outcome"]` or "".
    """

    task: UserTask
    instance: ProcessInstance
    data: Mapping[str, Any]
    files: tuple[TaskAttachment, ...]
    viewer: Viewer
    at: dt.datetime

    @property
    def outcome(self) -> str:
        """The decision taken, where the form has one."""
        return str(self.data.get("outcome") or "")


@dataclass(frozen=True)
class ServiceCall:
    """A service task that the process has reached, inside the transaction that brought it there."""

    instance: ProcessInstance
    facts: Mapping[str, Any]
    actor: Actor
    at: dt.datetime


@dataclass(frozen=True)
class Asking:
    """Who is to choose, in which process and when: what a list to choose from may depend on."""

    instance: ProcessInstance
    viewer: Viewer
    at: dt.datetime


Choices = Callable[[Asking], Iterable[tuple[str, str]]]
"""Value and label of everything that may be chosen, in the order in which it is shown."""
TaskHandler = Callable[[TaskCompletion], Mapping[str, Any] | None]
Service = Callable[[ServiceCall], Mapping[str, Any] | None]
Invitation = Callable[[int, Mapping[int, str], dt.datetime], None]
"""Subject's key, titles of the opened tasks by the unit that has to do them, moment."""

_folders: list[Path] = []
_handlers: dict[str, TaskHandler] = {}
_services: dict[str, Service] = {}
_invitations: dict[str, Invitation] = {}
_choices: dict[str, Choices] = {}


def register_processes(folder: Path) -> None:
    """A room's `processes/` folder, one package a subfolder."""
    if folder not in _folders:
        _folders.append(folder)


def register_task_handler(name: str, handler: TaskHandler) -> None:
    """What carries out a completed task; `name` reads `room.verb_noun`. The latest one counts."""
    _handlers[name] = handler


def register_service(name: str, service: Service) -> None:
    """What a service task does by itself; `name` reads `room.verb_noun`. The latest one counts."""
    _services[name] = service


def get_task_handler(name: str) -> TaskHandler | None:
    """The handler of this name, if a room registered one."""
    return _handlers.get(name)


def register_invitation(subject_type: str, invite: Invitation) -> None:
    """What lets the unit of an opened task see the subject that the task is about."""
    _invitations[subject_type] = invite


def get_invitation(subject_type: str) -> Invitation | None:
    """How a subject of this type is shown to units, if its room said so."""
    return _invitations.get(subject_type)


def register_choices(name: str, choices: Choices) -> None:
    """What a field with this `choice_from` offers; `name` reads `room.nouns`."""
    _choices[name] = choices


def get_choices(name: str) -> Choices | None:
    """The list of this name, if a room registered one."""
    return _choices.get(name)


def get_service(name: str) -> Service | None:
    """The service of this name, if a room registered one."""
    return _services.get(name)


def list_packages() -> Iterator[tuple[str, Path]]:
    """Every registered package: the owning room and the folder, in order of their names."""
    for folder in _folders:
        for package in sorted(path.parent for path in folder.glob("*/process.bpmn")):
            yield folder.parent.name, package
