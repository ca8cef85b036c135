"""What handlers share: the application of a completion, its files, its people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from busbar.access.models import Employee, OrganizationUnit, UnitKind
from busbar.access.paths import ancestors
from busbar.connections.models import ConnectionApplication
from busbar.connections.sent_files import SentFile
from busbar.kit.errors import Listing, Refusal
from busbar.workflow.registry import TaskCompletion

Facts = dict[str, Any]
Row = Mapping[str, Any]


class UnableToAnswer(Refusal):
    """An answer names somebody or something that is not there."""


def application_of(completion: TaskCompletion) -> ConnectionApplication:
    """The application that the process is about."""
    rows = ConnectionApplication.objects.select_related("unit", "customer", "account")
    application: ConnectionApplication = rows.get(pk=completion.instance.subject_id)
    return application


def text(completion: TaskCompletion, name: str) -> str:
    """A text answer, empty where nothing was written."""
    return str(completion.data.get(name) or "").strip()


def rows(completion: TaskCompletion, name: str) -> list[Row]:
    """The rows of a table answer."""
    return list(completion.data.get(name) or [])


def files(completion: TaskCompletion, field: str) -> list[SentFile]:
    """The files handed in for a field, with their bytes."""
    root = Path(settings.FILES_ROOT) / "documents"
    return [
        SentFile(each.file_name, (root / each.sha256[:2] / each.sha256).read_bytes())
        for each in completion.files
        if each.field == field
    ]


def employee_ids(numbers: str | Sequence[str]) -> list[int]:
    """Keys of the employees with these numbers: a list, or a text with commas or spaces."""
    if isinstance(numbers, str):
        numbers = numbers.translate({ord(mark): " " for mark in "、，,;；"}).split()
    wanted = list(numbers)
    known = dict(Employee.objects.filter(number__in=wanted).values_list("number", "pk"))
    if missing := [number for number in wanted if number not in known]:
        raise UnableToAnswer("没有工号为 %(missing)s 的员工", missing=Listing(missing))
    return [known[number] for number in wanted]


def nearest_unit(unit: OrganizationUnit, kind: UnitKind) -> OrganizationUnit | None:
    """The department of the kind beside the unit, or under the nearest company above it."""
    homes = [*ancestors(unit.path), unit.path]
    found = OrganizationUnit.objects.filter(kind=kind, is_active=True, parent__path__in=homes)
    return found.order_by("-parent__path", "path").first()


def keyed(pairs: Iterable[Mapping[str, Any]], key: str, value: str) -> dict[str, Any]:
    """Rows of a table as a mapping from one column to another."""
    return {str(pair[key]).strip(): pair[value] for pair in pairs}
