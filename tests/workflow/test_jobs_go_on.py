"""A job goes through all that is due: one that is refused or stands still holds up no other."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from busbar.clocks.models import ClockState
from busbar.kit.errors import Refusal
from busbar.workflow import operations
from busbar.workflow.models import ProcessInstance, TaskState
from busbar.workflow.operations import steering
from tests.workflow.conftest import AT, Company, complete, open_task, start

LATER = AT + dt.timedelta(days=30)


def bring_to_countersign(company: Company, number: int) -> ProcessInstance:
    """A process in which dispatch alone has yet to say its word."""
    instance = start(company, "supply", number)
    complete(
        instance, "survey", company.people["甲"], {"supply_kind": "single", "capacity_kva": 400}
    )
    complete(instance, "scheme", company.people["甲"], {"summary": "x"})
    complete(instance, "marketing", company.people["营销"], {"outcome": "agreed"})
    return instance


class TestSilence:
    """`take_silence_as_consent` over several tasks."""

    def test_one_that_is_refused_holds_up_no_other(
        self, loaded: Company, monkeypatch: pytest.MonkeyPatch, caplog: Any
    ) -> None:
        instances = [bring_to_countersign(loaded, number) for number in (1, 2)]

        first = open_task(instances[0], "dispatch")
        complete_silently = steering.consent_silently

        def consent(*, task_id: int, at: dt.datetime) -> bool:
            if task_id == first.pk:
                raise Refusal("缺少资料")
            return complete_silently(task_id=task_id, at=at)

        monkeypatch.setattr(steering, "consent_silently", consent)
        assert operations.take_silence_as_consent(at=LATER) == 1
        second = instances[1].tasks.get(element="dispatch")
        assert second.state == TaskState.SILENT
        assert "缺少资料" in caplog.text

    def test_a_paused_clock_is_no_silence(self, loaded: Company) -> None:
        task = open_task(bring_to_countersign(loaded, 1), "dispatch")
        assert task.clock is not None
        task.clock.state, task.clock.next_rung_at = ClockState.PAUSED, None
        task.clock.save(update_fields=["state", "next_rung_at"])
        assert operations.take_silence_as_consent(at=LATER) == 0
