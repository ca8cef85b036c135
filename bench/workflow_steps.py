"""In the home that BUSBAR_HOME names: walk processes of ten tasks, time each committed step."""

from __future__ import annotations

import datetime as dt
import json
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

PROCESSES = Path(__file__).parent / "processes"
AT = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
DATA = {"outcome": "on", "power_kw": "315.5"}


def main(instances: int) -> None:
    """Print {process: figures} as one JSON line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "busbar.config.settings")
    django.setup()
    viewer, unit_id = _prepare()
    figures = {"spiff": _spiff(instances)}
    for key in ("walk", "walk_timed"):
        _walk(key, 3, viewer, unit_id)  # warm
        figures[key] = _walk(key, instances, viewer, unit_id)
    print(json.dumps(figures))


def _prepare() -> tuple[Any, int]:
    from busbar.access import operations as access_operations
    from busbar.access import queries as access_queries
    from busbar.access.models import Role, UnitKind
    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.cli import migrate
    from busbar.workflow import operations, registry

    migrate.prepare(at=AT)
    county = None
    for kind in (UnitKind.PROVINCE, UnitKind.CITY, UnitKind.COUNTY):
        county = access_operations.create_unit(
            code=kind, name=kind, kind=kind, parent=county, by=SYSTEM_VIEWER, at=AT
        )
    hired = access_operations.hire_employee(
        username="a", number="1", name="a", unit=county, roles=[Role.SERVICE_AGENT],
        by=SYSTEM_VIEWER, at=AT,
    )  # fmt: skip
    registry.register_processes(PROCESSES)
    operations.load_shipped_processes(at=AT)
    return access_queries.get_viewer(hired.employee.user), county.pk


def _spiff(instances: int) -> dict[str, float]:
    """SpiffWorkflow by its own manual: the JSON of a workflow restored, moved and written back."""
    from SpiffWorkflow.bpmn import BpmnWorkflow
    from SpiffWorkflow.bpmn.parser import BpmnParser
    from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
    from SpiffWorkflow.util.task import TaskState

    parser = BpmnParser()
    parser.add_bpmn_file(str(PROCESSES / "walk" / "process.bpmn"))
    spec, serializer = parser.get_spec("walk"), BpmnWorkflowSerializer()
    times, sizes = [], []
    for _ in range(instances):
        workflow = BpmnWorkflow(spec)
        workflow.do_engine_steps()
        text = serializer.serialize_json(workflow)
        while True:
            begun = time.perf_counter()
            workflow = serializer.deserialize_json(text)
            task = workflow.get_next_task(state=TaskState.READY, manual=True)
            if task is None:
                break
            task.data.update(DATA)
            task.run()
            workflow.do_engine_steps()
            text = serializer.serialize_json(workflow)
            times.append(time.perf_counter() - begun)
            sizes.append(len(text))
    return {"ms": statistics.median(times) * 1000, "bytes": statistics.mean(sizes)}


def _walk(key: str, instances: int, viewer: Any, unit_id: int) -> dict[str, float]:
    from busbar.clocks.subjects import Subject
    from busbar.journal.operations import SYSTEM
    from busbar.workflow import operations
    from busbar.workflow.models import ProcessInstance, UserTask

    times, sizes = [], []
    first = ProcessInstance.objects.count() + 1
    with _stopwatches() as spent:
        for number in range(first, first + instances):
            instance = operations.start_process(
                key=key, subject=Subject("bench.walk", number, unit_id=unit_id),
                facts={}, actor=SYSTEM, at=AT,
            )  # fmt: skip
            while (task := UserTask.objects.open().filter(instance=instance).first()) is not None:
                spent["on"] = 1.0
                begun = time.perf_counter()
                operations.complete_task(task_id=task.pk, data=DATA, viewer=viewer, at=AT)
                times.append(time.perf_counter() - begun)
                spent["on"] = 0.0
            sizes.append(len(ProcessInstance.objects.get(pk=instance.pk).state_blob))
    steps = len(times)
    mean, total = sum(times) * 1000 / steps, statistics.median(times) * 1000
    # Shares are measured on the mean, which a busy machine stretches; shown of the median.
    scale = 1000 / steps * total / mean
    parts = {f"in {name}": s * scale for name, s in spent.items() if name not in ("on", "n")}
    parts["in ORM and other Python"] = total - sum(parts.values())
    return {"ms": total, "queries": spent["n"] / steps, "bytes": statistics.mean(sizes), **parts}


@contextmanager
def _stopwatches() -> Iterator[dict[str, float]]:
    """Seconds by part of a step: the engine, the statements by their table, the commit."""
    from django.db import connection

    from busbar.workflow import engine

    spent: dict[str, float] = defaultdict(float)

    def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            begun = time.perf_counter()
            try:
                return work(*args, **kwargs)
            finally:
                spent[name] += (time.perf_counter() - begun) * spent["on"]

        return run

    def statement(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's signature
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent[_part(sql)] += (time.perf_counter() - begun) * spent["on"]
            spent["n"] += spent["on"]

    kept = {name: getattr(engine, name) for name in ("restore", "finish_task", "dump")}
    for name, work in kept.items():
        setattr(engine, name, timed("engine", work))
    connection.ensure_connection()
    commit = connection.commit
    connection.commit = timed("commit", commit)
    try:
        with connection.execute_wrapper(statement):
            yield spent
    finally:
        connection.commit = commit
        for name, work in kept.items():
            setattr(engine, name, work)


def _part(sql: str) -> str:
    for table, name in (
        ("journal_", "journal statements"),
        ("advisory", "journal statements"),
        ("clocks_", "clock statements"),
        ("workflow_", "workflow statements"),
        ("SAVEPOINT", "savepoints"),
    ):
        if table in sql:
            return name
    return "other statements"


if __name__ == "__main__":
    main(int(sys.argv[1]))
