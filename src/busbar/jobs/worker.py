"""The worker: takes up what a killed one left, then runs the queue and the timetable."""

from __future__ import annotations

import datetime as dt
import logging
import time

from django.core.management import call_command
from django_q.models import OrmQ
from django_q.status import Stat

_log = logging.getLogger(__name__)
_SIGN_OF_LIFE_SECONDS = 4.0
"""A cluster renews its sign of life twice a second and it lapses after three."""


def run_worker() -> None:
    """Work until stopped. Never returns while the cluster lives."""
    if wait_until_alone(_SIGN_OF_LIFE_SECONDS):
        released = release_locks(at=dt.datetime.now(dt.UTC))
        if released:
            _log.warning("%d tasks of a worker that died are delivered again", released)
    call_command("qcluster")


def wait_until_alone(seconds: float) -> bool:
    """Whether no other cluster is alive, given time for a dead one's last sign to lapse."""
    until = time.monotonic() + seconds
    while Stat.get_all():
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


def release_locks(*, at: dt.datetime) -> int:
    """Deliver again at once what a dead worker had taken: how many tasks.

    Without this they would wait for the broker's retry time, which must exceed the longest
    task. With another cluster alive nothing is released, because the lock may be its own.
    """
    return int(OrmQ.objects.filter(lock__gt=at).update(lock=at - dt.timedelta(seconds=1)))
