"""Median time and query count of the managers' pages in the home that BUSBAR_HOME names."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from typing import Any

import django

ROUNDS = int(os.environ.get("BUSBAR_BENCH_ROUNDS", "11"))
EVERYWHERE = {
    "today": "/",
    "team": "/team/",
    "portfolios": "/portfolios/",
    "customers without manager": "/portfolios/unowned/",
    "measures by manager": "/department-orders/measures/?by=manager",
    "measures by department": "/department-orders/measures/?by=department",
    "measures of a year": "/department-orders/measures/?since={year_ago}",
    "orders": "/department-orders/?whose=all",
    "key accounts": "/key-accounts/",
    "promises": "/promises/",
    "promises, late": "/promises/?state=late",
    "complaints": "/complaints/",
    "satisfaction": "/satisfaction/",
    "segments": "/key-accounts/segments/",
    "stages": "/key-accounts/relationships/?of=everyone",
    "values": "/key-accounts/values/",
    "values, lowest": "/key-accounts/values/?order=lowest",
    "account plans": "/plans/",
    "basic services": "/basic-services/",
    "offers": "/offers/",
    "mandates": "/mandates/",
    "standards": "/service-standards/",
    "work list": "/work/",
}
OWN = {
    "my portfolio": "/portfolio/",
    "my orders": "/department-orders/?whose=mine",
    "my promises": "/promises/?of=mine",
    "my services": "/basic-services/?of=mine",
    "my satisfaction": "/satisfaction/?of=mine",
    "visit sheet": "/customers/{number}/sheet/",
    "customer page": "/customers/{number}/",
}
OVER = {"one portfolio": "/portfolios/of/{manager}/", "load balance": "/portfolios/balance/{unit}/"}
USERS = {"manager000-0": OWN, "county000": OVER, "city000": OVER, "province000": OVER}


def main() -> None:
    """Print [[page, processor ms, clock ms, queries], …] as JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "busbar.config.settings")
    django.setup()
    from django.test import Client

    from busbar.access.models import User

    wanted = sys.argv[1:]
    rows = []
    for name, own in USERS.items():
        client = Client(headers={"host": "localhost"})
        client.force_login(User.objects.get(username=name))
        for page, address in (EVERYWHERE | own).items():
            if not wanted or any(word in f"{name}: {page}" for word in wanted):
                rows.append([f"{name}: {page}", *measure(client, address.format(**_names()))])
    json.dump(rows, sys.stdout)


def _names() -> dict[str, str]:
    """Whose pages are looked at: the first manager's, and the unit with most managers."""
    import datetime as dt

    from busbar.access.models import Employee
    from busbar.customers.models import Customer

    manager = Employee.objects.select_related("unit").get(number="manager000-0")
    return {
        "number": Customer.objects.filter(team__employee=manager).order_by("id")[0].number,
        "manager": manager.number,
        "unit": manager.unit.code,
        "year_ago": str(dt.datetime.now(tz=dt.UTC).date() - dt.timedelta(days=364)),
    }


def measure(client: Any, address: str) -> tuple[float, float, int]:
    """Processor and clock in ms, medians; queries."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    worked, passed = [], []
    for turn in range(ROUNDS + 1):
        begun, clock = time.process_time(), time.perf_counter()
        answer = client.get(address)
        if turn:  # the first fills caches of the process
            worked.append((time.process_time() - begun) * 1e3)
            passed.append((time.perf_counter() - clock) * 1e3)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code}")
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    return statistics.median(worked), statistics.median(passed), len(queries)


if __name__ == "__main__":
    main()
