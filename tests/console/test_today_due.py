"""今日: alarms, terms that end, call-backs – listed by their rule, seen by those they concern."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from busbar.access import queries as access_queries
from busbar.access.models import Employee, Role
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing.insights import Scope
from busbar.billing.models import Saving, SavingStudy
from busbar.connections.models import (
    ApplicationKind,
    ChangeKind,
    ChangeState,
    ConnectionApplication,
    SchemeState,
    SupplyChange,
    SupplyKind,
    SupplyScheme,
)
from busbar.console.attention import count_work, list_kind, list_work
from busbar.console.looking import Look
from busbar.console.work_kinds import Rank, WorkItem, WorkKind
from busbar.customers.models import Customer, CustomerAccount
from busbar.key_accounts.models import (
    ManagerQualification,
    RecognitionRun,
    ServiceStandard,
    StageAssessment,
)
from busbar.key_accounts.operations import load_managers_seed
from busbar.key_accounts.operations.standards import set_local_standard
from busbar.kit.periods import CHINA
from busbar.metering.models import VeeFinding
from busbar.outages.models import AffectedPoint, Outage
from busbar.service_desk.models import (
    Complaint,
    ComplaintChannel,
    ComplaintKind,
    Interaction,
    Questionnaire,
    Survey,
    SurveyInvitation,
)
from busbar.supply.models import UsagePoint
from tests.console.region import AT as MADE_AT
from tests.console.region import Region, look_after

AT = dt.datetime(2026, 11, 10, 9, tzinfo=CHINA)
TODAY = dt.date(2026, 11, 10)


class TestFindings:
    def test_lists_what_nobody_decided_by_the_money_at_stake(self, region: Region) -> None:
        small, dear = region.customer("1"), region.customer("2")
        _find(small, stake="12.00")
        _find(dear, stake="480.50")
        _find(dear, day=dt.date(2026, 11, 2), stake="900.00", state="accepted")
        _find(dear, day=dt.date(2026, 11, 3), stake="900.00", action="estimate", written=7)

        items = _kind(region, WorkKind.FINDINGS)

        assert [(i.account_number, i.worth_yuan) for i in items] == [
            ("332", Decimal("480.50")),
            ("331", Decimal("12.00")),
        ]
        assert items[0].title == "2026-11-01 读数校验：缺失，提请人工"
        assert items[0].reason == ("计量点 UP2 有 4 个时段、120.0 kWh 待人工认定，进入账单前应处理")
        assert (items[0].rank, items[0].action) == (Rank.MONEY, "看当日曲线")
        assert items[0].url == "/usage-points/UP2/days/2026-11-01/"

    def test_offers_to_mend_it_to_whoever_may(self, region: Region) -> None:
        _find(region.customer("1"), stake="1.00")
        meter = region.hire("meter", region.north, Role.METERING_ENGINEER)

        (item,) = _kind(region, WorkKind.FINDINGS, of=meter)

        assert item.action == "修正或认可"


class TestOutages:
    def test_says_until_when_a_planned_stop_must_be_announced(self, region: Region) -> None:
        customer = region.customer("1")
        _stop(region, customer, starts=dt.datetime(2026, 11, 20, 8, tzinfo=CHINA))

        (item,) = _kind(region, WorkKind.OUTAGES)

        assert item.title == "计划检修停电：已安排"
        assert item.reason.startswith("2026-11-13 前须通知客户：停电前 7 天（")
        assert item.reason.endswith("停电 2026-11-20 08:00 至 2026-11-20 12:00")
        assert (item.rank, item.action) == (Rank.LOOK, "通知客户")
        assert (item.due_on, item.customer) == (dt.date(2026, 11, 13), customer)

    def test_presses_once_the_day_of_notice_has_come(self, region: Region) -> None:
        _stop(region, region.customer("1"), starts=dt.datetime(2026, 11, 17, 8, tzinfo=CHINA))

        assert [i.rank for i in _kind(region, WorkKind.OUTAGES)] == [Rank.NOW]

    def test_leaves_out_what_is_over_or_far_away(self, region: Region) -> None:
        customer = region.customer("1")
        _stop(region, customer, starts=dt.datetime(2026, 11, 25, 9, tzinfo=CHINA), number="far")
        _stop(
            region, customer, starts=dt.datetime(2026, 11, 9, 8, tzinfo=CHINA), number="over",
            state="restored", begun_at=dt.datetime(2026, 11, 9, 8, tzinfo=CHINA),
            restored_at=dt.datetime(2026, 11, 9, 9, tzinfo=CHINA),
        )  # fmt: skip

        assert _kind(region, WorkKind.OUTAGES) == []

    def test_presses_a_stop_that_lasts_longer_than_said(self, region: Region) -> None:
        begun = dt.datetime(2026, 11, 10, 4, tzinfo=CHINA)
        _stop(region, region.customer("1"), starts=begun, state="begun", begun_at=begun)

        (item,) = _kind(region, WorkKind.OUTAGES)

        assert item.reason == "2026-11-10 04:00 起停电，应于 2026-11-10 08:00 恢复，已超过"
        assert (item.rank, item.action) == (Rank.NOW, "跟踪恢复")

    def test_counts_whom_it_touches_of_one_s_own(self, region: Region) -> None:
        mine, second, other = (region.customer(n) for n in "123")
        for customer in (mine, second):
            look_after(customer, region.manager)
        outage = _stop(region, mine, starts=dt.datetime(2026, 11, 18, 8, tzinfo=CHINA))
        for customer in (second, other):
            _touch(outage, customer)
        _stop(region, other, starts=dt.datetime(2026, 11, 18, 8, tzinfo=CHINA), number="theirs")

        (item,) = _kind(region, WorkKind.OUTAGES, mine=True)

        assert item.customer == mine
        assert item.title == "等 2 户 计划检修停电：已安排"


class TestWarnings:
    def test_names_what_was_found_and_what_the_customer_is_worth(self, region: Region) -> None:
        _warn(_run(), region.customer("1"), revenue="3200000.00")

        (item,) = _kind(region, WorkKind.WARNINGS)

        assert item.title == "流失预警：电量同比（%）"
        assert item.reason == (
            "2026-10 评估：电量同比（%） -18（≤ -10）；此后没有走访或联系，"
            "走访了解订单与产线变化；金额为年电费"
        )
        assert (item.rank, item.worth_yuan) == (Rank.MONEY, Decimal("3200000.00"))
        assert (item.action, item.url) == ("安排走访", "/interactions/new/?plan=1&customer=1")

    def test_leads_whoever_may_not_plan_a_visit_to_the_grounds(self, region: Region) -> None:
        _warn(_run(), region.customer("1"))
        chief = region.hire("chief", region.province, Role.MANAGER)

        (item,) = _kind(region, WorkKind.WARNINGS, of=chief)

        assert (item.action, item.url) == ("看依据", "/customers/1/tab/recognition/")
        assert region.client(chief).get(item.url).status_code == 200

    def test_is_answered_by_a_visit_planned_since_not_by_one_before(self, region: Region) -> None:
        run, before, since, cancelled = _run(), *(region.customer(n) for n in "123")
        for customer in (before, since, cancelled):
            _warn(run, customer)
        _visit(region, before, dt.datetime(2026, 10, 31, 23, 59, tzinfo=CHINA))
        _visit(region, since, dt.datetime(2026, 11, 1, 0, 0, tzinfo=CHINA))
        _visit(
            region, cancelled, dt.datetime(2026, 11, 5, tzinfo=CHINA), state="cancelled",
            cancelled_because="客户停产",
        )  # fmt: skip

        found = [item.customer for item in _kind(region, WorkKind.WARNINGS)]

        assert found == [before, cancelled]

    def test_names_the_day_on_which_it_was_seen_and_asks_for_a_talk_since(
        self, region: Region
    ) -> None:
        run, before, since = _run(), region.customer("1"), region.customer("2")
        night = dt.datetime(2026, 11, 12, 5, 45, tzinfo=CHINA)
        for customer in (before, since):
            _warn(run, customer, as_of=night)
        _visit(region, before, dt.datetime(2026, 11, 11, 15, 0, tzinfo=CHINA))
        _visit(region, since, dt.datetime(2026, 11, 12, 15, 0, tzinfo=CHINA))

        (item,) = _kind(region, WorkKind.WARNINGS)

        assert item.customer == before
        assert item.reason.startswith("2026-11-12 评估：电量同比（%） -18（≤ -10）；")

    def test_leaves_out_what_was_assessed_anew(self, region: Region) -> None:
        run, customer = _run(), region.customer("1")
        _warn(run, customer)
        StageAssessment.objects.update(is_current=False)
        StageAssessment.objects.create(
            run=run, customer=customer, stage="mid", answers=[], warnings=[],
            as_of=dt.datetime(2026, 11, 12, 5, 45, tzinfo=CHINA),
        )  # fmt: skip

        assert _kind(region, WorkKind.WARNINGS) == []

    def test_presses_a_customer_that_asks_to_leave(self, region: Region) -> None:
        _warn(_run(), region.customer("1"), code="leaving")

        assert [item.rank for item in _kind(region, WorkKind.WARNINGS)] == [Rank.NOW]

    def test_is_read_on_by_revenue(self, region: Region) -> None:
        run = _run()
        for number, revenue in (("1", "5.00"), ("2", "9.00"), ("3", "7.00"), ("4", "7.00")):
            _warn(run, region.customer(number), revenue=revenue)
        seen = _look(region)

        first = list_kind(seen, WorkKind.WARNINGS, limit=2)
        rest = list_kind(seen, WorkKind.WARNINGS, after=first.next_after, limit=2)

        read = [item.customer.number for item in (*first.items, *rest.items)]
        assert read == ["2", "3", "4", "1"]


class TestTerms:
    def test_names_a_scheme_that_lapses_and_what_to_do(self, region: Region) -> None:
        customer = region.customer("1")
        scheme = _scheme(region, customer, valid_until=dt.date(2026, 12, 2))

        (item,) = _kind(region, WorkKind.SCHEMES)

        assert item.title == f"供电方案 {scheme.number} 2026-12-01 到期，还有 22 天"
        assert item.reason == "申请 A1 还没有开工；到期前 30 天起提示，过期方案失效"
        assert (item.rank, item.action, item.customer) == (Rank.LOOK, "催开工或延期", customer)

    def test_presses_a_scheme_within_the_urgent_days(self, region: Region) -> None:
        _scheme(region, region.customer("1"), valid_until=dt.date(2026, 11, 25))

        assert [item.rank for item in _kind(region, WorkKind.SCHEMES)] == [Rank.NOW]

    def test_leaves_out_whose_works_began_or_who_withdrew(self, region: Region) -> None:
        for number, state in (("1", "works"), ("2", "withdrawn")):
            customer = region.customer(number)
            _scheme(region, customer, valid_until=TODAY, number=f"A{number}", state=state)

        assert _kind(region, WorkKind.SCHEMES) == []

    def test_leaves_a_scheme_beyond_the_notice_alone(self, region: Region) -> None:
        _scheme(region, region.customer("1"), valid_until=dt.date(2026, 12, 11))

        assert _kind(region, WorkKind.SCHEMES) == []

    def test_names_a_pause_that_ends(self, region: Region) -> None:
        _change(region, region.customer("1"), ends_on=dt.date(2026, 11, 26))
        _change(region, region.customer("2"), ends_on=dt.date(2026, 11, 20), state="requested")

        (item,) = _kind(region, WorkKind.CHANGES)

        assert item.title == "暂停 2026-11-25 到期，还有 16 天"
        assert item.reason == "变更单 BG-1；期满恢复计收基本电费，到期前 30 天起提示"
        assert (item.account_number, item.rank) == ("331", Rank.LOOK)

    def test_names_the_basic_charge_that_another_mode_would_lower(self, region: Region) -> None:
        _save(region.customer("1"), "86000.00")

        (item,) = _kind(region, WorkKind.MODES)

        assert item.reason == (
            "基本电费改为按合同最大需量，核定 800 kW；2026-11-20 前申请，2026-12-01 起执行"
            "（测算至 2026-10）"
        )
        assert (item.rank, item.worth_yuan) == (Rank.MONEY, Decimal("86000.00"))
        assert item.url == "/advice/331/"


class TestCertificates:
    def test_tells_a_manager_of_the_own_certificate(self, region: Region) -> None:
        load_managers_seed(at=MADE_AT)
        other = region.hire("other", region.north, Role.ACCOUNT_MANAGER)
        _certify(region.manager, "G1", until=dt.date(2027, 1, 9))
        _certify(other, "G2", until=dt.date(2026, 11, 20))

        (mine,) = _kind(region, WorkKind.CERTIFICATES, mine=True)
        both = _kind(region, WorkKind.CERTIFICATES)

        assert mine.title == "manager先生 的中级大客户经理证书 2027-01-08 到期，还有 60 天"
        assert mine.reason == ("证书 G1 尚无换发；无有效资格不能担任A角，到期前 60 天起提示")
        assert [item.rank for item in both] == [Rank.NOW, Rank.LOOK]

    def test_is_silent_once_it_was_renewed(self, region: Region) -> None:
        _certify(region.manager, "G1", until=dt.date(2026, 11, 20))
        _certify(region.manager, "G2", until=dt.date(2029, 11, 1))

        assert _kind(region, WorkKind.CERTIFICATES) == []

    def test_is_no_matter_of_a_customer_s_page(self, region: Region) -> None:
        customer = region.customer("1")
        _certify(region.manager, "G1", until=dt.date(2026, 11, 20))
        viewer = access_queries.get_viewer(region.manager.user)
        seen = Look(viewer, Scope(customer_id=customer.pk), AT, None)

        assert list_work(seen, each=5) == []
        assert count_work(seen) == {}


class TestCallBacks:
    def test_ask_another_than_the_handler(self, region: Region) -> None:
        other = region.hire("other", region.north, Role.SERVICE_AGENT)
        _complain(region, region.customer("1"))

        (own,) = _kind(region, WorkKind.CALL_BACKS)
        (theirs,) = _kind(region, WorkKind.CALL_BACKS, of=other)

        assert own.title == "投诉 停送电 已答复，须回访客户"
        assert own.reason == "没有生效的时限，仍须办结；承办人 manager先生 以外的人回访"
        assert (own.action, theirs.action) == ("请他人回访", "回访")
        assert _kind(region, WorkKind.COMPLAINTS) == []


class TestSurveys:
    def test_list_customers_still_to_be_asked(self, region: Region) -> None:
        customer, asked = region.customer("1"), region.customer("2")
        survey = _survey(region, closes_on=dt.date(2026, 11, 16))
        invitation = SurveyInvitation.objects.create(survey=survey, customer=customer)
        SurveyInvitation.objects.create(
            survey=survey, customer=asked, state="answered", answered_at=AT
        )

        (item,) = _kind(region, WorkKind.SURVEYS)

        assert item.title == "问卷待回收：四季度问卷"
        assert item.reason == "N公司调查 Q4，2026-11-16 截止"
        assert (item.rank, item.due_on) == (Rank.LOOK, dt.date(2026, 11, 16))
        assert item.url == f"/surveys/answers/{invitation.pk}/"

    def test_press_once_the_round_s_last_day_has_passed(self, region: Region) -> None:
        survey = _survey(region, closes_on=dt.date(2026, 11, 9))
        SurveyInvitation.objects.create(survey=survey, customer=region.customer("1"))

        assert [item.rank for item in _kind(region, WorkKind.SURVEYS)] == [Rank.NOW]


class TestNotice:
    def test_a_company_looks_further_ahead_by_its_own_figure(self, region: Region) -> None:
        load_managers_seed(at=MADE_AT)
        _scheme(region, region.customer("1"), valid_until=dt.date(2026, 12, 31))
        before = _kind(region, WorkKind.SCHEMES)

        set_local_standard(
            unit=region.province, code="notice-scheme", amount=Decimal(90),
            valid_from=TODAY, source="省公司〔2026〕1号", by=SYSTEM_VIEWER, at=MADE_AT,
        )  # fmt: skip

        assert before == []
        assert [i.reason[:26] for i in _kind(region, WorkKind.SCHEMES)] == [
            "申请 A1 还没有开工；到期前 90 天起提示，过期"
        ]
        assert ServiceStandard.objects.get(code="notice-scheme", unit=None).amount == 30


class TestEverything:
    def test_of_another_county_is_never_told(self, region: Region) -> None:
        stranger = region.hire("stranger", region.south, Role.ACCOUNT_MANAGER)
        _all_kinds(region, range(2))

        assert list_work(_look(region, of=stranger), each=5) == []
        assert count_work(_look(region, of=stranger)) == {}

    def test_is_counted_as_it_is_listed(self, region: Region) -> None:
        _all_kinds(region, range(3))
        seen = _look(region)

        counts = count_work(seen)

        assert counts == {
            WorkKind.FINDINGS: 3, WorkKind.OUTAGES: 3, WorkKind.WARNINGS: 3,
            WorkKind.CALL_BACKS: 3, WorkKind.SURVEYS: 3, WorkKind.MODES: 3,
            WorkKind.SCHEMES: 3, WorkKind.CHANGES: 3, WorkKind.CERTIFICATES: 3,
        }  # fmt: skip
        for kind in counts:
            first = list_kind(seen, kind, limit=2)
            rest = list_kind(seen, kind, after=first.next_after, limit=2)
            assert len({item.key for item in (*first.items, *rest.items)}) == 3, kind

    @pytest.mark.parametrize("odd", ["", "x", "NaN", "-1", "1e40", "2026-13-01"])
    def test_begins_at_the_top_after_a_key_that_is_none(self, region: Region, odd: str) -> None:
        _all_kinds(region, range(1))
        seen = _look(region)

        found = {len(list_kind(seen, kind, after=(odd, 1), limit=9).items) for kind in NEW}

        assert found == {1}

    def test_ranks_by_term_and_by_money(self, region: Region) -> None:
        _all_kinds(region, range(3))

        items = list_work(_look(region), each=5)

        assert [i.rank for i in items] == sorted(i.rank for i in items)
        looked = [i.due_on for i in items if i.rank == Rank.LOOK and i.due_on]
        worth = [i.worth_yuan for i in items if i.rank == Rank.MONEY]
        assert looked == sorted(looked)
        assert worth == sorted(worth, reverse=True)

    def test_costs_the_same_queries_for_one_and_for_many(self, region: Region) -> None:
        _all_kinds(region, range(1))
        with CaptureQueriesContext(connection) as few:
            list_work(_look(region), each=30)
            count_work(_look(region))
        _all_kinds(region, range(1, 9))

        with CaptureQueriesContext(connection) as many:
            found = list_work(_look(region), each=30)
            count_work(_look(region))

        assert len(found) == 9 * 9
        assert len(few) == len(many)

    def test_shows_each_with_its_reason_day_and_action(
        self, region: Region, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        until = TODAY + dt.timedelta(days=10)
        _scheme(region, region.customer("1", name="东海轧钢厂"), valid_until=until)
        monkeypatch.setattr("django.utils.timezone.now", lambda: AT)

        page = region.client().get("/?of=all").content.decode()

        assert "供电方案 FA-A1 2026-11-19 到期，还有 10 天" in page
        assert '<span class="work-due is-bad" title="期限">2026-11-19</span>' in page
        assert '<a class="btn btn-sm" href="/connections/A1/">催开工或延期</a>' in page


NEW = (
    WorkKind.FINDINGS, WorkKind.OUTAGES, WorkKind.WARNINGS, WorkKind.CALL_BACKS,
    WorkKind.SURVEYS, WorkKind.MODES, WorkKind.SCHEMES, WorkKind.CHANGES, WorkKind.CERTIFICATES,
)  # fmt: skip


def _look(region: Region, *, of: Employee | None = None, mine: bool = False) -> Look:
    viewer = access_queries.get_viewer((of or region.manager).user)
    return Look(viewer, Scope(mine=mine), AT, None)


def _kind(
    region: Region, kind: WorkKind, *, of: Employee | None = None, mine: bool = False
) -> list[WorkItem]:
    return list_kind(_look(region, of=of, mine=mine), kind, limit=50).items


def _find(
    customer: Customer,
    *,
    stake: str,
    day: dt.date = dt.date(2026, 11, 1),
    state: str = "open",
    action: str = "report",
    written: int | None = None,
) -> VeeFinding:
    return VeeFinding.objects.create(
        usage_point=UsagePoint.objects.get(account__customer=customer),
        day=day, lake_channel="active", rule="missing", action=action, intervals=[[10, 14]],
        judged_version=1, written_version=written, energy_wh=120_000,
        stake_yuan=Decimal(stake), state=state, found_at=AT,
    )  # fmt: skip


def _stop(
    region: Region,
    customer: Customer,
    *,
    starts: dt.datetime,
    number: str = "TD1",
    state: str = "planned",
    **moments: dt.datetime,
) -> Outage:
    outage = Outage.objects.create(
        number=number, kind="planned", state=state, unit=region.north, reason="检修",
        scope="F1", planned_from=starts, planned_until=starts + dt.timedelta(hours=4),
        planned_by_name="x", **moments,
    )  # fmt: skip
    _touch(outage, customer)
    return outage


def _touch(outage: Outage, customer: Customer) -> None:
    point = UsagePoint.objects.get(account__customer=customer)
    AffectedPoint.objects.create(outage=outage, account=point.account, usage_point=point)


END_OF_OCTOBER = dt.datetime(2026, 11, 1, tzinfo=CHINA)


def _run() -> RecognitionRun:
    return RecognitionRun.objects.get_or_create(
        month="2026-10",
        defaults={
            "state": "finished", "rules": {}, "started_at": MADE_AT, "finished_at": MADE_AT,
        },
    )[0]  # fmt: skip


def _warn(
    run: RecognitionRun,
    customer: Customer,
    *,
    revenue: str = "100.00",
    code: str = "shrinking",
    as_of: dt.datetime = END_OF_OCTOBER,
) -> None:
    warning = {
        "code": code, "name": "电量同比（%）", "evidence": "growth", "at_least": None,
        "at_most": "-10", "stage": "", "advice": "走访了解订单与产线变化", "source": "x",
        "certainty": "unverified", "value": "-18",
    }  # fmt: skip
    StageAssessment.objects.create(
        run=run, customer=customer, stage="mid", answers=[], warnings=[warning],
        warning_count=1, annual_revenue_yuan=Decimal(revenue), as_of=as_of,
    )  # fmt: skip


def _visit(
    region: Region, customer: Customer, planned_at: dt.datetime, *, state: str = "planned",
    **more: str,
) -> None:  # fmt: skip
    Interaction.objects.create(
        customer=customer, unit=region.north, owner=region.manager, kind="visit", state=state,
        subject="走访", planned_at=planned_at, entered_at=MADE_AT, entered_by_name="x", **more,
    )  # fmt: skip


def _scheme(
    region: Region, customer: Customer, *, valid_until: dt.date, number: str = "A1",
    state: str = "replied",
) -> SupplyScheme:  # fmt: skip
    application = ConnectionApplication.objects.create(
        number=number, kind=ApplicationKind.NEW, supply_kind=SupplyKind.HV_SINGLE,
        unit=region.north, customer=customer, applicant_name=customer.name, site_name="厂区",
        address="x", contact_name="甲", contact_phone="1", requested_kva=1000,
        submitted_at=MADE_AT, state=state,
    )  # fmt: skip
    start = valid_until - dt.timedelta(days=365)
    return SupplyScheme.objects.create(
        application=application, number=f"FA-{number}", round=1, state=SchemeState.REPLIED,
        author_name="x", created_at=MADE_AT, valid_from=start, first_valid_until=valid_until,
        valid_until=valid_until,
    )  # fmt: skip


def _change(
    region: Region, customer: Customer, *, ends_on: dt.date, state: str = ChangeState.IN_FORCE
) -> None:
    SupplyChange.objects.create(
        number=f"BG-{customer.number}", kind=ChangeKind.SUSPENSION, state=state,
        account=CustomerAccount.objects.get(customer=customer), customer=customer,
        unit=region.north, requested_at=MADE_AT, starts_on=dt.date(2026, 10, 1), ends_on=ends_on,
    )  # fmt: skip


def _save(customer: Customer, yuan: str) -> None:
    account = CustomerAccount.objects.get(customer=customer)
    study = SavingStudy.objects.create(account=account, month="2026-10", studied_at=MADE_AT)
    Saving.objects.create(
        study=study, account=account, kind="basic", yearly_yuan=Decimal(yuan),
        facts={
            "mode": "contract_demand", "contract_kw": 800, "apply_by": "2026-11-20",
            "from": "2026-12-01",
        },
    )  # fmt: skip


def _certify(employee: Employee, certificate: str, *, until: dt.date) -> None:
    ManagerQualification.objects.create(
        employee=employee, kind="middle", certificate=certificate, issuer="省公司培训中心",
        issued_on=dt.date(2023, 1, 9), valid_until=until,
    )  # fmt: skip


def _complain(region: Region, customer: Customer) -> None:
    Complaint.objects.create(
        number=f"TS-{customer.number}", customer=customer, unit=region.north,
        owner=region.manager, kind=ComplaintKind.OUTAGE, channel=ComplaintChannel.HOTLINE,
        person="甲", text="停电", received_at=MADE_AT, entered_by_name="x", state="answered",
        answered_at=MADE_AT, answer="已恢复", is_justified=True,
    )  # fmt: skip


def _survey(region: Region, *, closes_on: dt.date, code: str = "Q4") -> Survey:
    questionnaire, _made = Questionnaire.objects.get_or_create(
        code="k", defaults={
            "name": "问卷", "valid_from": dt.date(2020, 1, 1), "source": "x",
            "certainty": "unverified",
        },
    )  # fmt: skip
    return Survey.objects.create(
        code=code, name="四季度问卷", questionnaire=questionnaire, unit=region.north,
        opened_at=MADE_AT, closes_on=closes_on, population=1, seed=1,
    )  # fmt: skip


def _all_kinds(region: Region, numbers: range) -> None:
    """Each kind once a number, all of them due within the notice."""
    run = _run()
    for number in numbers:
        customer = region.customer(f"{number:02d}")
        day = TODAY + dt.timedelta(days=number % 3)
        starts = dt.datetime(2026, 11, 18 + number % 3, 8, tzinfo=CHINA)
        _find(customer, stake=f"{number + 1}.00")
        _stop(region, customer, starts=starts, number=f"TD{number}")
        _warn(run, customer, revenue=f"{number + 1}000.00")
        _complain(region, customer)
        _save(customer, f"{number + 1}00.00")
        _scheme(region, customer, valid_until=day + dt.timedelta(20), number=f"A{number}")
        _change(region, customer, ends_on=day + dt.timedelta(10))
        _certify(region.manager, f"G{number}", until=day + dt.timedelta(40))
        survey = _survey(region, closes_on=day, code=f"Q{number}")
        SurveyInvitation.objects.create(survey=survey, customer=customer)
