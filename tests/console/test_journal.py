"""日志: filtered, of the own branch, verified."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from busbar.access.models import Role
from busbar.journal import immutability
from busbar.journal.models import Entry
from busbar.journal.operations import Actor, Happening, record
from tests.console.work_region import Region, count_queries, make_units

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 3, 2, 16, 30, tzinfo=dt.UTC)
"""00:30 of 3 March in China."""


@pytest.fixture
def region(db: None) -> Region:
    """Two counties and nothing in the journal but who was hired."""
    return make_units()


def happen(
    label: str, path: str, event: str = "billing.bill.issued", at: dt.datetime = AT
) -> Entry:
    happening = Happening(
        event=event,
        subject_type="billing.bill",
        subject_id=1,
        subject_label=label,
        unit_path=path,
        changes={"amount": ["1.00", "2.00"]},
    )
    return record(happening=happening, actor=Actor(7, "何文清"), at=at)


class TestJournal:
    def test_shows_the_own_branch_only(self, region: Region) -> None:
        own, foreign = happen("本县", "000000"), happen("邻县", "000001")
        client = region.client(Role.MANAGER)

        entries = client.get("/journal/").context["entries"]

        assert own in entries
        assert foreign not in entries
        assert client.get(f"/journal/{foreign.pk}/").status_code == 404

    def test_shows_what_concerns_the_whole_company_to_the_top_only(self, region: Region) -> None:
        everybody = happen("日历", "", "clocks.day.edited")

        county = region.client(Role.MANAGER).get("/journal/").context["entries"]
        top = region.client(Role.MANAGER, region.province).get("/journal/").context["entries"]

        assert everybody not in county
        assert everybody in top

    def test_is_closed_to_whoever_may_not_read_it(self, region: Region) -> None:
        client = region.client(Role.ACCOUNT_MANAGER)

        assert client.get("/journal/").status_code == 403
        assert client.post("/journal/verify/").status_code == 403

    def test_filters_by_event_subject_actor_and_chinese_day(self, region: Region) -> None:
        entry = happen("户号 3101", "000000")
        client = region.client(Role.MANAGER)

        def found(**asked: str) -> bool:
            return entry in client.get("/journal/", asked).context["entries"]

        assert found(event="billing.bill.issued")
        assert not found(event="access.employee.hired")
        assert found(subject="3101")
        assert not found(subject="3102")
        assert found(actor="何文")
        assert found(since="2026-03-03", until="2026-03-03")
        assert not found(until="2026-03-02")

    def test_goes_on_after_the_last_row(
        self, region: Region, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("busbar.console.journal.PAGE", 1)
        older, newer = happen("一", "000000"), happen("二", "000000")
        client = region.client(Role.MANAGER)
        asked = {"event": "billing.bill.issued"}

        first = client.get("/journal/", asked)
        second = client.get("/journal/", asked | {"before": str(newer.pk)})

        assert (first.context["entries"], first.context["more"]) == ([newer], True)
        assert (second.context["entries"], second.context["more"]) == ([older], False)

    def test_takes_as_many_queries_for_one_entry_as_for_thirty(self, region: Region) -> None:
        client = region.client(Role.MANAGER)
        few = count_queries(client, "/journal/")
        for number in range(30):
            happen(str(number), "000000")

        assert count_queries(client, "/journal/") == few

    def test_shows_before_and_after(self, region: Region) -> None:
        entry = happen("户号", "000000")

        response = region.client(Role.MANAGER).get(f"/journal/{entry.pk}/")

        assert response.context["changes"] == [("amount", "1.00 元", "2.00 元")]


class TestVerification:
    def test_says_that_the_chain_holds(self, region: Region) -> None:
        happen("一", "000000")

        response = region.client(Role.REGULATOR).post("/journal/verify/")

        assert "日志链成立" in response.content.decode()

    def test_names_the_entry_that_was_tampered_with(self, region: Region) -> None:
        client, entry = region.client(Role.MANAGER), happen("一", "000000")
        happen("二", "000000")
        immutability.remove(connection)
        Entry.objects.filter(pk=entry.pk).update(actor_name="别人")
        immutability.install(connection)

        text = client.post("/journal/verify/").content.decode()

        assert "日志链不成立" in text
        assert f"条目 {entry.pk}" in text
