"""Median time and query count of the console's pages in the home that BUSBAR_HOME names."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from typing import Any

import django

ROUNDS = 25


def main() -> None:
    """Print [[page, median ms, queries], …] as JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "busbar.config.settings")
    django.setup()
    from django.test import Client

    from busbar.access.models import User

    rows = []
    for name in ("province", "county1"):
        user = User.objects.get(username=name)
        client = Client(headers={"host": "localhost"})
        client.force_login(user)
        for page, address in _pages(user).items():
            rows.append([f"{name}: {page}", *_measure(client, address)])
    json.dump(rows, sys.stdout)


def _pages(user: Any) -> dict[str, str]:
    """The pages, with a customer from the middle of those the user sees."""
    from busbar.access.queries import get_viewer
    from busbar.customers.models import Customer

    seen = Customer.objects.visible_to(get_viewer(user)).order_by("name")
    number = seen[seen.count() // 2].number
    return {
        "list": "/customers/",
        "list, industry by name": "/customers/?kind=industry&sort=-name",
        "list, text": "/customers/?text=dh",
        "customer page": f"/customers/{number}/",
        "customer page, supply": f"/customers/{number}/tab/supply/",
        "search": "/search/?q=钢",
        "today": "/",
    }


def _measure(client: Any, address: str) -> tuple[float, int]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        answer = client.get(address)
        times.append((time.perf_counter() - begun) * 1e3)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code}")
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    return statistics.median(times), len(queries)


if __name__ == "__main__":
    main()
