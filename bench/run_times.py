"""One bill run of the home that BUSBAR_HOME names: seconds by part, memory, bills, as JSON."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

from bench.curves import MONTH
from bench.memory import most_memory_mib

_AT = dt.datetime(2025, 8, 2, tzinfo=dt.UTC)
_SECONDS: defaultdict[str, float] = defaultdict(float)


def main() -> None:
    """Print {"seconds": …, "parts": …, "bills": …, "lines": …, "mib": …}."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "busbar.config.settings")
    django.setup()
    from django.conf import settings

    from busbar.access.visibility import SYSTEM_VIEWER
    from busbar.billing.models import BillLine
    from busbar.billing.operations import bill_run

    _watch_parts()
    begun, cpu = time.perf_counter(), time.process_time()
    run = bill_run.run_month(month=MONTH, by=SYSTEM_VIEWER, at=_AT)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    database = Path(str(settings.DATABASES["default"]["NAME"]))
    json.dump(
        {
            "seconds": seconds,
            "cpu": cpu,
            "parts": dict(_SECONDS),
            "bills": run.billed,
            "refused": run.refused,
            "lines": BillLine.objects.count(),
            "mib": most_memory_mib(),
            "database_mib": database.stat().st_size / 2**20 if database.exists() else 0,
        },
        sys.stdout,
    )


def _watch_parts() -> None:
    """Let the parts of the run count their seconds; none of them calls another."""
    from busbar.billing.models import Bill, BillLine
    from busbar.billing.operations import bill_run, issuing

    _watch(issuing, "measure_month", "curves to sums")
    _watch(bill_run, "load_registers", "registers read")
    _watch(issuing, "assemble", "facts assembled")
    _watch(issuing.rating, "rate", "rated")
    _watch(issuing, "dump_facts", "facts to JSON")
    _watch(Bill.objects, "bulk_create", "bills stored")
    _watch(BillLine.objects, "bulk_create", "lines stored")
    _watch(issuing, "find_in_bills", "findings")
    _watch(bill_run.journal_operations, "record_many", "journal")


def _watch(owner: Any, name: str, part: str) -> None:
    inner: Callable[..., Any] = getattr(owner, name)

    def timed(*args: Any, **named: Any) -> Any:
        begun = time.perf_counter()
        try:
            return inner(*args, **named)
        finally:
            _SECONDS[part] += time.perf_counter() - begun

    setattr(owner, name, timed)


if __name__ == "__main__":
    main()
