"""One application on its way: what its tasks need, and who does them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from busbar.access.visibility import Viewer
from busbar.connections import operations as connections_operations
from busbar.connections.models import ConnectionApplication, DocumentPhase
from busbar.connections.queries import get_document_list
from busbar.demo.organization import city_code, county_code
from busbar.demo.year import attachments, moments, town
from busbar.demo.year.plans import Plan
from busbar.demo.year.town import OPEN, Town
from busbar.kit.errors import Refusal
from busbar.workflow.models import ProcessInstance, UserTask
from busbar.workflow.operations import FileUpload

_SLOW = 3
"""How many times longer a late one takes."""
_LATE_SHARE = 0.45


class NoTaskToDo(Refusal):
    """The process does not wait for this."""


@dataclass
class Course:
    """An application, its process and the moment it has reached."""

    town: Town
    plan: Plan
    draws: np.random.Generator
    now: dt.datetime
    contact: str
    shape: str
    application: ConnectionApplication
    process: ProcessInstance

    @property
    def city(self) -> int:
        """Ordinal of the city."""
        return self.plan.place.city

    @property
    def town_code(self) -> str:
        """Code of the city company, with which its departments' codes begin."""
        return city_code(self.city)

    @property
    def county_code(self) -> str:
        """Code of the county company."""
        return county_code(self.plan.place)

    def later(self, fewest: int, most: int | None = None) -> dt.datetime:
        """Some working days on; a late one lies about three times as long now and then."""
        days = fewest if most is None else int(self.draws.integers(fewest, most + 1))
        if self.plan.has("late") and self.draws.random() < _LATE_SHARE:
            days = days * _SLOW + 2
        self.now = moments.after(self.now, days, self.draws)
        return self.now

    def fresh(self) -> ConnectionApplication:
        """The application as it stands."""
        rows = ConnectionApplication.objects.select_related("unit", "account")
        found: ConnectionApplication = rows.get(pk=self.application.pk)
        return found

    def open_elements(self) -> set[str]:
        """Elements whose task waits for somebody."""
        waiting = self.process.tasks.filter(state__in=OPEN)
        return set(waiting.values_list("element", flat=True))

    def task(self, element: str) -> UserTask:
        """The open task of an element."""
        rows = self.process.tasks.select_related("unit").filter(element=element, state__in=OPEN)
        found: UserTask | None = rows.first()
        if found is None:
            raise NoTaskToDo(f"{self.application.number} 没有待办的“{element}”")
        return found

    def do(
        self,
        element: str,
        *,
        files: Sequence[FileUpload] = (),
        second: bool = False,
        by: Viewer | None = None,
        **data: Any,
    ) -> None:
        """Whoever's task it is completes it; `second` is the colleague beside the first."""
        task = self.task(element)
        worker = by or self.town.workers(task)[1 if second else 0]
        done_at, reason = None, ""
        if element == "hand_over" and self.plan.has("back_dated"):
            done_at, reason = (
                max(task.created_at, self.now - dt.timedelta(hours=20)),
                "昨日停电，今日补录",
            )
        if element == "preliminary_review" and self.plan.has("proxy"):
            worker = self.town.administrator
        town.complete(
            task, viewer=worker, data=data, files=files, at=self.now, done_at=done_at, reason=reason
        )

    def hand_in(self, phase: DocumentPhase, by: Viewer, *, leave: int = 0) -> None:
        """Hand in what the phase's list still misses and find it good; `leave` so many out."""
        missing = get_document_list(self.fresh(), phase).missing
        for line in missing[: len(missing) - leave]:
            code = line.requirement.code
            document = connections_operations.add_document(
                application_id=self.application.pk,
                file=attachments.paper(line.requirement.name[:60]),
                requirement_code=code,
                phase=phase,
                by=by,
                at=self.now,
            )
            connections_operations.judge_document(
                document_id=document.pk, verdict="accepted", reason="", by=by, at=self.now
            )
