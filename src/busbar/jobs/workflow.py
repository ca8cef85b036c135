"""What moves processes without anybody asking: moments that come, silence, lateness."""

from __future__ import annotations

import datetime as dt

from busbar.workflow import operations as workflow_operations


def tend_processes() -> str:
    """Run `tend_processes_at` for now."""
    return tend_processes_at(at=dt.datetime.now(dt.UTC))


def tend_processes_at(*, at: dt.datetime) -> str:
    """Due times in step with the clocks, then what they cause; safe to run twice."""
    moved = workflow_operations.sync_due_times()
    late = workflow_operations.note_late_tasks(at=at)
    silent = workflow_operations.take_silence_as_consent(at=at)
    sent = workflow_operations.release_waits(at=at)
    return f"期限更新 {moved}，新超期 {late}，视同同意 {silent}，到时推进 {sent}"
