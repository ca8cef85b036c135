"""办理时限: what holds, whose rules, tightening within the law, why this date."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from busbar.access.models import Role
from busbar.clocks.models import LimitAdoption, TimeLimit, WorkingHours
from busbar.console.limits.calculator import month_grids
from busbar.console.limits.hours import read_periods
from busbar.console.limits.words import event_words
from busbar.journal.models import Entry
from tests.console.work_region import Region, count_queries, make_units

pytestmark = pytest.mark.django_db

LOCAL = {"unit": "C", "amount": "12", "source": "县供电〔2026〕8 号", "reason": "优化营商环境"}
DUE = "/limits/calculator/?rule=scheme-reply-single&rule_set=SEED&start=2025-09-15T09:00"


@pytest.fixture
def units(ground: None) -> Region:
    """A province and two counties, limits and calendar as shipped."""
    return make_units()


@pytest.fixture
def keeper(units: Region) -> Client:
    """An administrator of the first county."""
    return units.client(Role.ADMINISTRATOR)


@pytest.fixture
def reader(units: Region) -> Client:
    """Somebody who may only read."""
    return units.client(Role.REGULATOR)


def limit(code: str = "scheme-reply-single") -> TimeLimit:
    """The shipped figure of 种子制度."""
    return TimeLimit.objects.get(code=code, unit=None, rule_set__code="SEED")


class TestList:
    def test_shows_figure_document_and_certainty_of_what_holds(self, reader: Client) -> None:
        response = reader.get("/limits/")
        text = response.content.decode()

        assert "高压单电源供电方案答复" in text
        assert "不超过 20 个工作日" in text
        assert "电力大客户用电管理制度" in text
        assert response.context["adopted"].code == "SEED"
        assert [g.label for g in response.context["groups"]][:2] == ["申请受理", "初审"]

    def test_takes_as_many_queries_with_a_local_limit_as_without(
        self, keeper: Client, reader: Client
    ) -> None:
        before = count_queries(reader, "/limits/")
        keeper.post(f"/limits/{limit().pk}/local/", LOCAL)

        assert count_queries(reader, "/limits/") == before

    def test_a_broken_day_means_today(self, reader: Client) -> None:
        assert reader.get("/limits/?on=morgen").context["is_today"]


class TestOneLimit:
    def test_says_events_pauses_ladder_and_nesting_in_words(self, reader: Client) -> None:
        text = reader.get(f"/limits/{limit().pk}/").content.decode()

        for words in (
            event_words("connections.application.accepted"),
            "等待客户补正资料",
            "一次告知书",
        ):
            assert words in text
        assert "已用 80%" in text
        assert "超期第 3 个工作日" in text
        assert "供电所传递到市场营销部" in text

    def test_every_event_of_every_limit_has_words(self, units: Region) -> None:
        events = {
            event
            for row in TimeLimit.objects.all()
            for event in (
                *row.starts_on,
                *row.stops_on,
                *row.pauses_on,
                *row.resumes_on,
                *row.extends_on,
                *row.cancels_on,
            )
        }
        assert [event for event in events if event_words(event) == event] == []

    def test_compares_every_document(self, reader: Client) -> None:
        others = reader.get(f"/limits/{limit().pk}/").context["others"]
        assert {"SEED", "R2024"} <= {line.row.rule_set.code for line in others}

    def test_an_unknown_one_does_not_exist(self, reader: Client) -> None:
        assert reader.get("/limits/999999/").status_code == 404

    def test_a_neighbor_s_own_limit_does_not_exist(self, units: Region, keeper: Client) -> None:
        keeper.post(f"/limits/{limit().pk}/local/", LOCAL)
        own = TimeLimit.objects.get(unit=units.county)

        assert keeper.get(f"/limits/{own.pk}/").status_code == 200
        neighbor = units.client(Role.ADMINISTRATOR, units.neighbor)
        assert neighbor.get(f"/limits/{own.pk}/").status_code == 404


class TestTightening:
    def test_is_kept_and_journaled(self, keeper: Client, units: Region) -> None:
        response = keeper.post(f"/limits/{limit().pk}/local/", LOCAL)

        local = TimeLimit.objects.get(unit=units.county)
        assert response.headers["Location"] == f"/limits/{local.pk}/"
        assert (local.amount, local.certainty) == (12, "local")
        assert Entry.objects.filter(event="clocks.limit.set").count() == 1

    def test_loosening_is_refused_with_the_clause_and_changes_nothing(self, keeper: Client) -> None:
        response = keeper.post(f"/limits/{limit().pk}/local/", LOCAL | {"amount": "25"})

        assert response.status_code == 422
        text = response.content.decode()
        assert "不能延长到 25 个工作日" in text
        assert "《电力大客户用电管理制度》第二节 4" in text
        assert 'value="25"' in text
        assert not TimeLimit.objects.exclude(unit=None).exists()

    def test_a_unit_outside_the_branch_is_no_choice(self, keeper: Client) -> None:
        response = keeper.post(f"/limits/{limit().pk}/local/", LOCAL | {"unit": "D"})

        assert response.status_code == 422
        assert not TimeLimit.objects.exclude(unit=None).exists()

    def test_is_not_offered_to_others_and_refused_to_them(self, reader: Client) -> None:
        assert reader.get(f"/limits/{limit().pk}/").context["form"] is None
        assert reader.post(f"/limits/{limit().pk}/local/", LOCAL).status_code == 403
        assert not TimeLimit.objects.exclude(unit=None).exists()


class TestAdoption:
    def asked(self, **more: str) -> dict[str, str]:
        """What the form sends."""
        return {"unit": "C", "rule_set": "R2024", "valid_from": "2026-03-02"} | more

    def test_preview_says_what_changes_and_writes_nothing(self, keeper: Client) -> None:
        preview = keeper.get("/limits/adoption/", self.asked()).context["preview"]

        single = next(row for row in preview if row.code == "scheme-reply-single")
        assert (single.before.figure, single.after.figure) == (
            "不超过 20 个工作日",
            "不超过 10 个工作日",
        )
        assert single.effect == "tighter"
        assert not LimitAdoption.objects.exists()

    def test_is_refused_without_reason_and_source(self, keeper: Client) -> None:
        response = keeper.post("/limits/adoption/", self.asked())

        assert response.status_code == 422
        assert "须写明理由和依据" in response.content.decode()
        assert not LimitAdoption.objects.exists()

    def test_a_looser_set_is_refused_below_the_top_company(self, keeper: Client) -> None:
        given = self.asked(rule_set="R2009", reason="试行", source="县〔2026〕1 号")
        response = keeper.post("/limits/adoption/", given)

        assert response.status_code == 422
        assert "宽于上级现行规定" in response.content.decode()
        assert not LimitAdoption.objects.exists()

    def test_of_the_top_company_is_kept(self, units: Region) -> None:
        top = units.client(Role.ADMINISTRATOR, units.province)
        given = self.asked(unit=units.province.code, reason="统一", source="省〔2026〕1 号")

        assert top.post("/limits/adoption/", given).status_code == 302
        assert LimitAdoption.objects.get().rule_set.code == "R2024"
        assert top.get("/limits/adoption/").context["company"][0].code == "R2024"

    def test_is_refused_to_a_reader(self, reader: Client) -> None:
        assert reader.post("/limits/adoption/", self.asked()).status_code == 403
        assert reader.get("/limits/adoption/").context["form"] is None


class TestWorkingHours:
    WEEK = {f"day{n}": "08:00-12:00、14:00－18:00" if n < 5 else "" for n in range(7)}

    def test_several_periods_a_day_are_kept(self, keeper: Client) -> None:
        given = {"unit": "C", "valid_from": "2026-03-02", "customer": ""} | self.WEEK
        assert keeper.post("/limits/hours/", given).status_code == 302

        kept = WorkingHours.objects.get()
        assert kept.periods[0] == [["08:00", "12:00"], ["14:00", "18:00"]]
        assert kept.periods[6] == []
        assert "14:00-18:00" in keeper.get("/limits/hours/").content.decode()

    def test_overlapping_periods_are_refused_and_nothing_is_kept(self, keeper: Client) -> None:
        week = self.WEEK | {"day1": "08:00-12:00 11:00-13:00"}
        given = {"unit": "C", "valid_from": "2026-03-02", "customer": ""} | week
        response = keeper.post("/limits/hours/", given)

        assert response.status_code == 422
        assert "不重叠" in response.content.decode()
        assert not WorkingHours.objects.exists()

    def test_an_unknown_customer_is_refused(self, keeper: Client) -> None:
        given = {"unit": "C", "valid_from": "2026-03-02", "customer": "K9"} | self.WEEK

        assert keeper.post("/limits/hours/", given).status_code == 422
        assert not WorkingHours.objects.exists()

    def test_nonsense_is_read_as_it_stands_for_the_operation_to_refuse(self) -> None:
        assert read_periods("morning") == [["morning"]]


class TestCalculator:
    def test_counts_from_the_day_after_around_the_national_holiday(self, reader: Client) -> None:
        found = reader.get(DUE).context["found"]

        assert found.due_on == dt.date(2025, 10, 17)
        assert found.counted == 20

    def test_a_pause_moves_the_last_day_and_is_drawn(self, reader: Client) -> None:
        asked = "&from1=2025-10-09&until1=2025-10-13&reason1=customer-documents"
        response = reader.get(DUE + asked)

        assert response.context["found"].due_on == dt.date(2025, 10, 22)
        text = response.content.decode()
        assert "day-paused" in text
        assert "暂停，不计入：等待客户补正资料" in text

    def test_every_day_of_the_reckoning_is_in_the_grid_once(self, reader: Client) -> None:
        found = reader.get(DUE).context["found"]
        cells = [
            cell
            for month in month_grids(found)
            for week in month.weeks
            for cell in week
            if cell is not None and cell.reason
        ]
        assert [cell.date for cell in cells] == [day.date for day in found.days]
        assert [cell.date for cell in cells if cell.is_due] == [found.due_on]

    def test_a_year_not_announced_is_marked_provisional(self, reader: Client) -> None:
        response = reader.get(DUE.replace("2025-09-15", "2031-09-15"))

        assert response.context["found"].provisional
        assert "暂定" in response.content.decode()

    @pytest.mark.parametrize(
        "asked",
        [
            DUE.replace("2025-09-15T09:00", "gestern"),
            DUE.replace("2025-09-15", "0001-01-01"),
            DUE.replace("2025-09-15", "9999-12-31"),
            DUE + "&from1=2025-10-12&until1=2025-10-09",
            DUE + "&until1=2025-10-09",
            DUE.replace("scheme-reply-single", "nothing"),
        ],
    )
    def test_what_cannot_be_reckoned_is_said(self, reader: Client, asked: str) -> None:
        response = reader.get(asked)

        assert response.status_code == 422
        assert response.context["found"] is None

    def test_a_set_without_the_limit_says_what_it_has(self, reader: Client) -> None:
        response = reader.get(DUE.replace("SEED", "R2005"))
        assert response.status_code in {200, 422}
        assert (response.context["found"] is None) == bool(response.context["refused"])

    def test_takes_as_many_queries_for_a_year_as_for_a_week(self, reader: Client) -> None:
        week = count_queries(reader, DUE.replace("reply-single", "reply-lv"))
        year = count_queries(reader, DUE.replace("scheme-reply-single", "scheme-validity-hv"))
        assert year == week
