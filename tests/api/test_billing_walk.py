"""Every address of billing and validation, as every role, as a stranger, as nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django_q.models import OrmQ

from busbar.access.models import Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.api.main import api as ninja_api
from busbar.billing.operations import store_shadow_lines
from busbar.customers.models import Customer, CustomerGroup
from busbar.journal.models import Entry
from tests.api import billed as b
from tests.api.affair import ROOT
from tests.api.billed import JANUARY, OWN, Billed
from tests.api.test_bill_reading import row
from tests.api.test_vee import find
from tests.billing import world

pytestmark = pytest.mark.django_db
WALKED = (
    "advice", "bill-findings", "bill-runs", "bills", "group-bills", "shadow-bills", "vee-findings",
)  # fmt: skip
REASONED: dict[str, Any] = {"reason": "核对"}
BODIES: dict[str, dict[str, Any]] = {
    "/correction": REASONED,
    "/review": {"note": "核对"},
    "/accept": {"findings": [1], "reason": "核对"},
    "/headings": {"accounts": [OWN], "name": "厂"},
    "/items": {"item": "合计", "code": "basic"},
    "bill-runs": {"month": JANUARY},
    "2026-01-01": {
        "channel": "active_wh", "start": 0, "values": [1], "version": 0, "reason": "核对",
    },
}  # fmt: skip
OF_MONTH = "bill-runs/"
"""A month's run is the company's; what is told of it is the viewer's part."""


@pytest.fixture
def places(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A value for every place of an address; the region stands under its own name."""
    billed = b.make(tmp_path, monkeypatch)
    group = CustomerGroup.objects.create(code="G1", name="集团")
    Customer.objects.filter(number=f"K{OWN}").update(group=group)
    rows = [row(OWN, "合计", "1.00")]
    store_shadow_lines(rows=rows, by=SYSTEM_VIEWER, at=world.AT)
    return {
        "billed": billed,
        "bill-findings/{finding_id}": f"bill-findings/{billed.find().pk}",
        "vee-findings/{finding_id}": f"vee-findings/{find(billed, 0, '1.00').pk}",
        "{account}": OWN,
        "{month}": JANUARY,
        "{code}": "G1",
        "{number}": f"K{OWN}",
        "{usage_point}": f"U{OWN}",
        "{day}": "2026-01-01",
    }


def addresses(method: str, places: dict[str, Any]) -> list[str]:
    found = []
    for path, item in ninja_api.get_openapi_schema()["paths"].items():
        short = path.removeprefix(f"{ROOT}/")
        is_ours = short.split("/")[0] in WALKED or short == "curves/{usage_point}/{day}"
        if method in item and is_ours and short != "bills/quote":
            for place, value in places.items():
                short = short.replace(place, str(value))
            assert "{" not in short, short
            found.append(f"{short}?month={JANUARY}" if short == "bills" else short)
    return found


def body(path: str) -> dict[str, Any]:
    return next((body for end, body in BODIES.items() if path.endswith(end)), {})


def send(client: Client, path: str) -> int:
    answer = client.post(f"{ROOT}/{path}", body(path), content_type="application/json")
    return answer.status_code


class TestEveryRole:
    def test_reads_its_county_s(self, places: dict[str, Any]) -> None:
        billed: Billed = places["billed"]
        paths = addresses("get", places)
        assert len(paths) >= 20

        for role in Role:
            client = billed.program(role)
            for path in paths:
                allowed = {409} if path.startswith("advice") else {200}
                assert client.get(f"{ROOT}/{path}").status_code in allowed, (role, path)

    def test_sees_nothing_of_another_county(self, places: dict[str, Any]) -> None:
        billed: Billed = places["billed"]

        for role in Role:
            client = billed.program(role, billed.region.neighbor)
            for path in addresses("get", places):
                answer = client.get(f"{ROOT}/{path}")
                is_list = "/" not in path or path.startswith(OF_MONTH)
                assert answer.status_code == (200 if is_list else 404), (role, path)
                assert OWN not in answer.content.decode(), (role, path)


class TestNobodyElse:
    def test_changes_anything(self, places: dict[str, Any]) -> None:
        billed: Billed = places["billed"]
        regulator = billed.program(Role.REGULATOR)
        stranger = billed.program(Role.ACCOUNT_MANAGER, billed.region.neighbor)
        entries = Entry.objects.count()

        for path in addresses("post", places):
            assert send(regulator, path) == 403, path
            assert send(stranger, path) in {403, 404, 409}, path
        assert Entry.objects.count() == entries
        assert OrmQ.objects.count() == 0

    def test_is_let_in_without_a_token(self, places: dict[str, Any]) -> None:
        for path in addresses("get", places):
            assert Client().get(f"{ROOT}/{path}").status_code == 401, path
        for path in addresses("post", places):
            assert send(Client(), path) == 401, path
