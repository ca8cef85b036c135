"""Lists by keyset: complete and without doubles while rows are added, and as quick when long."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from busbar.access.models import User
from busbar.billing.models import BillFinding
from busbar.key_accounts.models import (
    AccountPlan,
    CustomerSegment,
    CustomerValue,
    Opportunity,
    ServiceDue,
    StageAssessment,
)
from busbar.service_desk.models import (
    Complaint,
    Promise,
    SatisfactionScore,
    SurveyInvitation,
)
from tests.console.managers_region import load_seeds, make_small
from tests.console.work_region import count_queries
from tests.shelf import lay_ground

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("paging")]
SIZE = 3
GAP = {"kind": "curve_gaps", "facts": {"missing": 1, "estimated": 0, "energy_kwh": "1"}}
LOW_FACTOR = {"kind": "power_factor", "facts": {"power_factor": "0.80"}}


@dataclass(frozen=True)
class Paged:
    """A list: where it is, in which module its page size stands, its rows, how one more is made."""

    address: str
    module: str
    model: type[Model]
    rows: Callable[[Any], list[Any]]
    more: Callable[[Any, int], dict[str, Any]]


def plain(context: Any) -> list[Any]:
    return list(context["rows"])


def firsts(context: Any) -> list[Any]:
    return [row[0] for row in context["rows"]]


def another_customer(row: Any, n: int) -> dict[str, Any]:
    """A row of the same place in the order, of a customer that there was not before."""
    return {"customer_id": copy(row.customer, number=f"NEW{n}", credit_code="").pk}


def copy(row: Any, **changes: Any) -> Any:
    values = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}
    del values["id"]
    return type(row).objects.create(**(values | changes))


LISTS = {
    "segments": Paged(
        "/key-accounts/segments/?", "key_accounts.segmenting", CustomerSegment,
        lambda context: [row["segment"] for row in context["rows"]], another_customer,
    ),
    "stages": Paged(
        "/key-accounts/relationships/?of=everyone", "key_accounts.closeness", StageAssessment,
        firsts, another_customer,
    ),
    "values": Paged(
        "/key-accounts/values/?", "key_accounts.closeness", CustomerValue, firsts, another_customer
    ),
    "lowest values": Paged(
        "/key-accounts/values/?order=lowest", "key_accounts.closeness", CustomerValue, firsts,
        another_customer,
    ),
    "offers": Paged("/offers/?", "offers", Opportunity, plain, lambda row, n: {}),
    "basic services": Paged(
        "/basic-services/?state=done", "basic_services", ServiceDue, plain,
        lambda row, n: {"key": f"new-{n}"},
    ),
    "plans": Paged("/plans/?", "account_plans", AccountPlan, plain, another_customer),
    "complaints": Paged(
        "/complaints/?", "service_desk.complaints", Complaint,
        lambda context: [one.complaint for one in context["rows"]],
        lambda row, n: {"number": f"NEW{n}"},
    ),
    "promises": Paged(
        "/promises/?", "service_desk.promises", Promise, firsts, lambda row, n: {"clock_id": None}
    ),
    "satisfaction": Paged(
        "/satisfaction/?", "service_desk.satisfaction", SatisfactionScore, plain, another_customer
    ),
    "survey": Paged(
        "/surveys/S900/?", "service_desk.surveys", SurveyInvitation,
        lambda context: list(context["invitations"]), another_customer,
    ),
    "bills to review": Paged(
        "/bills/runs/2026-10/?", "bill_release", BillFinding,
        lambda context: [finding for finding, _item in context["waiting"]],
        lambda row, n: [GAP, LOW_FACTOR][n],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Twenty customers of three managers; made once, each test rolls back what it did."""
    holds = "swing,demand,power_factor,curve_gaps"
    unblocked, held = django_db_blocker.unblock(), override_settings(BUSBAR_FINDING_HOLDS=holds)
    with unblocked, held, transaction.atomic():
        lay_ground()
        load_seeds()
        make_small(20, 3)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def browser(made: None, db: None) -> Client:
    """The province's manager."""
    client = Client()
    client.force_login(User.objects.get(username="province900"))
    return client


@pytest.fixture(params=LISTS)
def paged(request: pytest.FixtureRequest) -> Paged:
    """One list after the other."""
    return LISTS[request.param]


def cut_to(paged: Paged, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module(f"busbar.console.{paged.module}")
    monkeypatch.setattr(module, "PAGE", size)


def walk(client: Client, paged: Paged, between: Callable[[list[Any]], None]) -> list[int]:
    """Every row's id in the order of the pages; `between` is told each page's rows."""
    found: list[int] = []
    after = ""
    while True:
        page = client.get(f"{paged.address}&after={quote(after)}")
        assert page.status_code == 200
        rows = paged.rows(page.context)
        assert rows
        found += [row.pk for row in rows]
        after = page.context["next_after"]
        if not after:
            return found
        between(rows)


class TestPages:
    def test_have_every_row_once_in_the_order_of_one_long_page(
        self, browser: Client, paged: Paged, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cut_to(paged, 500, monkeypatch)
        whole = walk(browser, paged, lambda rows: None)

        cut_to(paged, SIZE, monkeypatch)

        assert walk(browser, paged, lambda rows: None) == whole
        assert len(whole) > SIZE

    def test_stay_complete_and_without_doubles_while_rows_are_added(
        self, browser: Client, paged: Paged, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cut_to(paged, SIZE, monkeypatch)
        before = set(walk(browser, paged, lambda rows: None))
        added: list[int] = []

        def add(rows: list[Any]) -> None:
            """After the first page: one beside its first row and one beside its last."""
            for row in () if added else (rows[0], rows[-1]):
                fresh = type(row).objects.get(pk=row.pk)
                added.append(copy(fresh, **paged.more(fresh, len(added))).pk)

        found = walk(browser, paged, add)

        assert len(found) == len(set(found))
        assert before <= set(found)
        assert added

    def test_take_as_many_queries_with_many_rows_as_with_few(
        self, browser: Client, paged: Paged, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cut_to(paged, 2, monkeypatch)
        few = count_queries(browser, paged.address)
        cut_to(paged, 500, monkeypatch)

        assert count_queries(browser, paged.address) == few

    def test_begin_anew_where_no_page_gave_the_place(self, browser: Client, paged: Paged) -> None:
        first = [row.pk for row in paged.rows(browser.get(paged.address).context)]

        for damaged in ("x", "_", "1_1_1_1_1", "2026-99-99_1", "NaN_1", f"{'9' * 40}_1"):
            page = browser.get(f"{paged.address}&after={quote(damaged)}")
            assert [row.pk for row in paged.rows(page.context)] == first, damaged


class TestFurtherRows:
    @pytest.mark.parametrize("name", sorted(set(LISTS) - {"bills to review"}))
    def test_come_alone_and_nothing_around_them_is_counted(
        self, browser: Client, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paged = LISTS[name]
        cut_to(paged, SIZE, monkeypatch)
        first = browser.get(paged.address)
        address = f"{paged.address}&after={quote(first.context['next_after'])}"

        part = browser.get(address, headers={"HX-Request": "true"})

        assert part.content.decode().count("<tr") in range(1, SIZE + 2)
        assert "<html" not in part.content.decode()
        with CaptureQueriesContext(connection) as alone:
            browser.get(address, headers={"HX-Request": "true"})
        assert len(alone) < count_queries(browser, paged.address)
