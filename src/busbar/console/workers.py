"""Whether anybody works on what is queued: the workers' own signs of life."""

from __future__ import annotations

from dataclasses import dataclass

from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.status import Stat

_ALIVE = frozenset({Conf.IDLE, Conf.WORKING, Conf.STARTING})


@dataclass(frozen=True)
class WorkerState:
    """One group of worker processes as it last reported."""

    name: str
    status: str
    workers: int
    uptime_seconds: int
    host: str


def list_workers() -> list[WorkerState]:
    """Groups of workers that reported within the last seconds; they vanish when they stop."""
    return [
        WorkerState(
            name=str(stat.cluster_id)[:8],
            status=str(stat.status),
            workers=len(stat.workers),
            uptime_seconds=int(stat.uptime()),
            host=str(getattr(stat, "host", "")),
        )
        for stat in Stat.get_all()
    ]


def has_worker() -> bool:
    """Whether a queued job will be picked up now."""
    return any(stat.status in _ALIVE for stat in Stat.get_all())


def count_queued() -> int:
    """Jobs that wait or are being worked on."""
    return int(OrmQ.objects.count())
