"""Portfolios: who leads whom, handed over and back, levelled, qualified."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from busbar.access.visibility import NotPermitted
from busbar.customers.models import (
    AccountTeamMember,
    Customer,
    CustomerAccount,
    Importance,
    TeamRole,
)
from busbar.journal.models import Entry
from busbar.key_accounts.balancing import Load, suggest_moves
from busbar.key_accounts.models import Handover, HandoverState, ServiceStandard
from busbar.key_accounts.operations import assigning, qualifying, standards
from busbar.key_accounts.operations.assigning import UnableToAssign, UnableToHandOver
from busbar.key_accounts.operations.qualifying import UnableToRecordQualification
from busbar.key_accounts.operations.standards import UnableToSetStandard
from busbar.key_accounts.queries import portfolios, qualifications
from busbar.key_accounts.queries.standards import get_standards
from tests.key_accounts.managers.world import MONDAY, World, at

ON = dt.date(2026, 3, 2)


def certify(world: World, name: str, kind: str = "senior", day: str = "2026-01-15") -> None:
    """Give somebody a certificate."""
    qualifying.record_qualification(
        employee_number=world.employee(name).number,
        kind=kind,
        certificate=f"{kind}-{name}-{day}",
        issuer="省公司培训中心",
        issued_on=dt.date.fromisoformat(day),
        by=world.people["管理员"],
        at=at("2026-03-01"),
    )


def roles(customer: Customer) -> dict[str, str]:
    """Who is what on the customer's team."""
    rows = AccountTeamMember.objects.filter(customer=customer)
    return dict(rows.values_list("employee__name", "role"))


def hand(world: World, **more: object) -> Handover:
    """王经理's customers to 李经理, by the county's head."""
    asked: dict[str, object] = {
        "from_number": world.employee("王经理").number,
        "to_number": world.employee("李经理").number,
        "customers": None,
        "reason": "王经理调走",
        "until": None,
        "by": world.people["县领导"],
        "at": at(MONDAY, 10),
    }
    return assigning.hand_over(**{**asked, **more})  # type: ignore[arg-type]


class TestAssigning:
    def assign(self, world: World, number: str, name: str = "李经理") -> AccountTeamMember:
        return assigning.assign_manager(
            customer_number=number,
            employee_number=world.employee(name).number,
            role=TeamRole.LEAD,
            by=world.people["县领导"],
            at=at(MONDAY),
        )

    def test_needs_the_certificate_of_the_customer_s_grade(self, world: World) -> None:
        customer = world.customer("K2", importance=Importance.FIRST)
        certify(world, "李经理", "middle")
        before = Entry.objects.count()

        with pytest.raises(UnableToAssign) as refusal:
            self.assign(world, "K2")

        assert str(refusal.value) == (
            "李经理没有担任A角所需的有效资格：客户K2（一级重要，须高级大客户经理）"
        )
        assert roles(customer) == {}
        assert Entry.objects.count() == before

    def test_is_refused_for_somebody_of_another_branch(self, world: World) -> None:
        customer = world.customer("K2")
        certify(world, "邻县经理", "senior")
        before = Entry.objects.count()

        with pytest.raises(UnableToAssign, match="不在您的管辖范围之内"):
            self.assign(world, "K2", "邻县经理")

        assert roles(customer) == {}
        assert Entry.objects.count() == before

    def test_a_higher_certificate_includes_the_lower(self, world: World) -> None:
        world.customer("K2")
        certify(world, "李经理", "senior")

        assert self.assign(world, "K2").role == TeamRole.LEAD

    def test_an_expired_certificate_is_none(self, world: World) -> None:
        world.customer("K2")
        certify(world, "李经理", "senior", "2024-03-01")  # for 24 months

        with pytest.raises(UnableToAssign, match="没有担任A角所需的有效资格"):
            self.assign(world, "K2")

    def test_a_deputy_needs_none(self, world: World) -> None:
        customer = world.customer("K2")

        assigning.assign_manager(
            customer_number="K2",
            employee_number=world.employee("李经理").number,
            role=TeamRole.DEPUTY,
            by=world.people["县领导"],
            at=at(MONDAY),
        )

        assert roles(customer) == {"李经理": "deputy"}

    def test_is_for_those_who_may_assign(self, world: World) -> None:
        with pytest.raises(NotPermitted, match="分配与移交客户"):
            assigning.assign_manager(
                customer_number="K1",
                employee_number="E005",
                role=TeamRole.LEAD,
                by=world.people["王经理"],
                at=at(MONDAY),
            )

    def test_knows_no_manager_who_is_none(self, world: World) -> None:
        with pytest.raises(UnableToAssign, match="不是在岗的大客户经理"):
            self.assign(world, "K1", "计量员")


class TestHandover:
    def test_takes_all_customers_tasks_and_orders_along(self, world: World) -> None:
        certify(world, "李经理")
        customer = Customer.objects.get(number="K1")
        order = world.send()
        world.do(order, "reply_to_order", "计量员", at(MONDAY, 9, 30), outcome="accepted")
        world.do(order, "carry_out_order", "计量员", at(MONDAY, 9, 40), result="换表")

        made = hand(world)

        assert roles(customer) == {"李经理": "lead"}
        assert (made.number, made.moved) == ("YJ-AK-260302-001", 2)
        assert world.waiting(order).owner == world.employee("李经理")
        entry = Entry.objects.get(event="key_accounts.handover.made")
        assert entry.changes["customers"] == ["K1"]
        assert entry.reason == "王经理调走"

    def test_the_next_step_of_an_order_is_the_taker_s(self, world: World) -> None:
        certify(world, "李经理")
        order = world.send()
        hand(world)

        world.do(order, "reply_to_order", "计量员", at(MONDAY, 11), outcome="accepted")
        world.do(order, "carry_out_order", "计量员", at(MONDAY, 14), result="换表")

        assert world.waiting(order).owner == world.employee("李经理")

    def test_takes_only_the_chosen(self, world: World) -> None:
        certify(world, "李经理")
        second = world.customer("K2")
        world.team(second, "王经理")

        hand(world, customers=["K2"])

        assert roles(second) == {"李经理": "lead"}
        assert roles(Customer.objects.get(number="K1")) == {"王经理": "lead"}

    def test_is_undone_by_another(self, world: World) -> None:
        certify(world, "李经理")
        certify(world, "王经理")
        customer = Customer.objects.get(number="K1")
        world.team(customer, "李经理", TeamRole.DEPUTY)
        made = hand(world)

        back = assigning.return_handover(
            number=made.number, reason="误操作", by=world.people["县领导"], at=at(MONDAY, 11)
        )

        assert roles(customer) == {"王经理": "lead", "李经理": "deputy"}
        assert back.returns == made
        made.refresh_from_db()
        assert made.state == HandoverState.RETURNED
        with pytest.raises(UnableToHandOver, match="已交还"):
            assigning.return_handover(
                number=made.number, reason="x", by=world.people["县领导"], at=at(MONDAY, 12)
            )

    def test_a_stand_in_ends_by_itself_after_its_last_day(self, world: World) -> None:
        certify(world, "李经理")
        certify(world, "王经理")
        customer = Customer.objects.get(number="K1")
        hand(world, until=dt.date(2026, 3, 6), reason="休假")
        assert roles(customer) == {"王经理": "member", "李经理": "lead"}

        assert assigning.return_due_handovers(at=at("2026-03-06", 23)) == 0
        assert assigning.return_due_handovers(at=at("2026-03-07", 1)) == 1
        assert assigning.return_due_handovers(at=at("2026-03-07", 1)) == 0

        assert roles(customer) == {"王经理": "lead"}

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ({"reason": " "}, "请写明移交的原因"),
            ({"to_number": "E004"}, "同一人"),
            ({"until": dt.date(2026, 3, 1)}, "代管截止日 2026-03-01 已过"),
            ({"customers": ["K404"]}, "不是这些客户的A角或B角：K404"),
            ({"from_number": "E005"}, "没有可移交的客户"),
            ({"from_number": "E006"}, "不在您的管辖范围之内"),
            ({"to_number": "E006"}, "工号 E006 不在您的管辖范围之内"),
        ],
    )
    def test_is_refused_with_a_sentence(
        self, world: World, asked: dict[str, object], said: str
    ) -> None:
        certify(world, "李经理")
        if asked.get("from_number") == "E005":
            asked = {**asked, "to_number": "E004"}
            certify(world, "王经理")

        with pytest.raises(UnableToHandOver, match=said):
            hand(world, **asked)

        assert roles(Customer.objects.get(number="K1")) == {"王经理": "lead"}
        assert not Handover.objects.exists()

    def test_is_refused_to_an_unqualified_taker(self, world: World) -> None:
        with pytest.raises(UnableToHandOver, match="没有担任A角所需的有效资格：客户K1"):
            hand(world)

        assert roles(Customer.objects.get(number="K1")) == {"王经理": "lead"}


class TestPortfolios:
    def test_says_load_and_warns_outside_the_standard(self, world: World) -> None:
        first = world.customer("K2", importance=Importance.FIRST)
        world.team(first, "王经理")
        for number, status in (("1", "active"), ("2", "active"), ("3", "closed")):
            CustomerAccount.objects.create(
                number=number, name="户", customer=first, unit=first.unit, status=status
            )
        world.send()

        rows = portfolios.list_portfolios(world.people["县领导"], on=ON)

        mine = next(row for row in rows if row.employee.name == "王经理")
        assert (mine.customers, mine.important, mine.orders, mine.accounts) == (2, 1, 1, 2)
        assert mine.load == Decimal("4.7")  # 1 + (1 + 2) + one order at 0.5 + two accounts at 0.1
        assert (mine.least, mine.most, mine.warning) == (25, 150, "under")

    def test_sees_only_the_branch(self, world: World) -> None:
        rows = portfolios.list_portfolios(world.people["县领导"], on=ON)

        assert [row.employee.name for row in rows] == ["王经理", "李经理"]

    def test_takes_the_same_queries_for_one_and_for_many(self, world: World) -> None:
        counts = []
        for wanted in (1, 8):
            while Customer.objects.count() < wanted:
                world.team(world.customer(f"K{Customer.objects.count() + 1}"), "王经理")
            viewer = replace(world.people["县领导"])  # as of another request
            with CaptureQueriesContext(connection) as queries:
                portfolios.list_portfolios(viewer, on=ON)
                portfolios.list_portfolio(viewer, world.employee("王经理").pk, limit=50)
                portfolios.list_unowned(viewer)
            counts.append(len(queries))

        assert counts[0] == counts[1]

    def test_lists_customers_without_a_lead(self, world: World) -> None:
        nobody = world.customer("K2")
        world.team(nobody, "王经理", TeamRole.DEPUTY)

        found = portfolios.list_unowned(world.people["县领导"])

        assert [line.customer.number for line in found.lines] == ["K2"]
        assert portfolios.count_unowned(world.people["县领导"]) == 1

    def test_pages_a_portfolio_by_keyset(self, world: World) -> None:
        for n in range(2, 5):
            world.team(world.customer(f"K{n}"), "王经理")
        viewer, employee = world.people["县领导"], world.employee("王经理").pk

        first = portfolios.list_portfolio(viewer, employee, limit=3)
        rest = portfolios.list_portfolio(viewer, employee, after=first.after, limit=3)

        numbers = [line.customer.number for line in [*first.lines, *rest.lines]]
        assert numbers == ["K1", "K2", "K3", "K4"]
        assert rest.after == ""


class TestBalance:
    def test_shows_the_effect_before_anything_changes(self, world: World) -> None:
        for n in range(2, 7):
            world.team(world.customer(f"K{n}"), "王经理")

        found = portfolios.suggest_balance(world.people["县领导"], world.units["AK"], on=ON)

        assert [(row.employee.name, row.customers_before, row.customers_after) for row in
                found.effect] == [("王经理", 6, 3), ("李经理", 0, 3)]  # fmt: skip
        assert AccountTeamMember.objects.filter(employee=world.employee("王经理")).count() == 6


LOADS = st.dictionaries(
    st.integers(1, 6),
    st.lists(st.integers(1, 9).map(Decimal), max_size=12),
    min_size=2,
    max_size=6,
)


class TestSuggestMoves:
    @given(LOADS)
    def test_never_widens_the_gap_and_moves_only_what_is_there(
        self, weights: dict[int, list[Decimal]]
    ) -> None:
        serial = iter(range(10_000))
        loads = {m: [Load(next(serial), w) for w in rows] for m, rows in weights.items()}

        moves = suggest_moves(loads, spread_percent=Decimal(20), most=150)

        sums = {m: sum((row.weight for row in rows), Decimal(0)) for m, rows in loads.items()}
        held = {row.customer_id: m for m, rows in loads.items() for row in rows}
        gap = max(sums.values()) - min(sums.values())
        for move in moves:
            assert held[move.customer_id] == move.from_id
            held[move.customer_id] = move.to_id
            sums[move.from_id] -= move.weight
            sums[move.to_id] += move.weight
            assert max(sums.values()) - min(sums.values()) <= gap
            gap = max(sums.values()) - min(sums.values())

    @given(LOADS)
    def test_moves_what_a_look_at_every_customer_would_choose(
        self, weights: dict[int, list[Decimal]]
    ) -> None:
        serial = iter(range(10_000))
        loads = {m: [Load(next(serial), w) for w in rows] for m, rows in weights.items()}

        moves = suggest_moves(loads, spread_percent=Decimal(20), most=150)

        held = {m: list(rows) for m, rows in loads.items()}
        for move in moves:
            sums = {m: sum((r.weight for r in rows), Decimal(0)) for m, rows in held.items()}
            gap = sums[move.from_id] - sums[move.to_id]
            fitting = [row for row in held[move.from_id] if 0 < row.weight < gap]
            best = min(fitting, key=lambda r: (abs(gap / 2 - r.weight), r.customer_id))
            assert move.customer_id == best.customer_id
            held[move.from_id].remove(best)
            held[move.to_id].append(best)

    def test_gives_nobody_more_than_the_standard_s_most(self) -> None:
        loads = {1: [Load(n, Decimal(1)) for n in range(10)], 2: [Load(99, Decimal("0.1"))]}

        assert len(suggest_moves(loads, spread_percent=Decimal(0), most=3)) == 2


class TestStandards:
    def set(self, world: World, unit: str, amount: int, code: str = "portfolio-most") -> None:
        standards.set_local_standard(
            unit=world.units[unit],
            code=code,
            amount=Decimal(amount),
            valid_from=ON,
            source="文号1",
            by=world.people["管理员"],
            at=at(MONDAY),
        )

    def holds(self, world: World, unit: str, code: str = "portfolio-most") -> Decimal:
        return get_standards(on=ON, unit_path=world.units[unit].path)[code].amount

    def test_a_county_may_be_stricter(self, world: World) -> None:
        self.set(world, "A", 100)

        assert (self.holds(world, "AK"), self.holds(world, "BK")) == (100, 150)

    def test_but_not_looser_than_the_city(self, world: World) -> None:
        self.set(world, "C", 120)

        with pytest.raises(UnableToSetStandard, match="上级不超过 120 户，不能定为 140"):
            self.set(world, "A", 140)

        assert ServiceStandard.objects.exclude(unit=None).count() == 1

    def test_a_looser_one_entered_first_does_not_count(self, world: World) -> None:
        self.set(world, "A", 140)
        self.set(world, "C", 120)

        assert self.holds(world, "AK") == 120

    def test_the_top_company_sets_its_own_figure(self, world: World) -> None:
        self.set(world, "P", 200)

        assert self.holds(world, "AK") == 200

    def test_what_is_the_same_everywhere_is_not_set_below(self, world: World) -> None:
        with pytest.raises(UnableToSetStandard, match="下级只能从严"):
            self.set(world, "C", 5, "load-first")

    def test_each_version_holds_from_its_day_and_is_told(self, world: World) -> None:
        self.set(world, "A", 100)
        entry = Entry.objects.get(event="key_accounts.standard.set")
        standards.set_local_standard(
            unit=world.units["A"], code="portfolio-most", amount=Decimal(80),
            valid_from=dt.date(2026, 5, 1), source="文号2", by=world.people["管理员"],
            at=at(MONDAY),
        )  # fmt: skip

        held = [
            get_standards(on=day, unit_path=world.units["AK"].path)["portfolio-most"].amount
            for day in (dt.date(2026, 3, 1), ON, dt.date(2026, 4, 30), dt.date(2026, 5, 1))
        ]
        assert held == [150, 100, 100, 80]
        assert entry.changes["amount"] == ["150.00", "100"]
        assert (entry.reason, entry.subject_label) == ("文号1", "甲县公司 经理最多管户数")

    @pytest.mark.parametrize(
        ("unit", "code", "amount", "source", "text"),
        [
            ("AK", "portfolio-most", 100, "文号", "只有省、市、县公司可以另定服务标准"),
            ("A", "portfolio-most", 0, "文号", "数值应大于零，并写明依据"),
            ("A", "portfolio-most", 100, " ", "数值应大于零，并写明依据"),
            ("A", "kindness", 1, "文号", "没有服务标准“kindness”；已有：first-time-days、"),
            ("A", "portfolio-least", 20, "文号", "上级不少于 25 户，不能定为 20"),
        ],
    )
    def test_is_refused_with_what_holds_and_nothing_changes(
        self, world: World, unit: str, code: str, amount: int, source: str, text: str
    ) -> None:
        before, entries = list(ServiceStandard.objects.values()), Entry.objects.count()

        with pytest.raises(UnableToSetStandard, match=text):
            standards.set_local_standard(
                unit=world.units[unit], code=code, amount=Decimal(amount), valid_from=ON,
                source=source, by=world.people["管理员"], at=at(MONDAY),
            )  # fmt: skip

        assert list(ServiceStandard.objects.values()) == before
        assert Entry.objects.count() == entries

    def test_is_not_entered_twice_for_a_day_nor_by_a_manager_of_customers(
        self, world: World
    ) -> None:
        self.set(world, "A", 100)
        before = ServiceStandard.objects.count()

        with pytest.raises(UnableToSetStandard, match="当日或其后已另定过"):
            self.set(world, "A", 90)
        with pytest.raises(NotPermitted, match="维护授权"):
            standards.set_local_standard(
                unit=world.units["A"], code="portfolio-most", amount=Decimal(80),
                valid_from=dt.date(2026, 6, 1), source="x", by=world.people["王经理"],
                at=at(MONDAY),
            )  # fmt: skip

        assert ServiceStandard.objects.count() == before


class TestQualifications:
    def test_hold_for_the_months_of_their_kind(self, world: World) -> None:
        certify(world, "李经理", "senior", "2026-01-31")

        found = qualifications.list_qualifications(world.people["县领导"]).get()
        assert found.valid_until == dt.date(2028, 1, 31)

    def test_lists_what_expires_soon_or_just_did(self, world: World) -> None:
        certify(world, "李经理", "senior", "2024-03-20")
        certify(world, "王经理", "senior", "2025-03-20")

        found = qualifications.list_expiring(world.people["县领导"], on=ON)

        assert [row.employee.name for row in found] == ["李经理"]

    def test_lists_leads_who_lack_what_their_customers_ask(self, world: World) -> None:
        certify(world, "王经理", "junior")
        world.team(world.customer("K2", importance=Importance.SPECIAL), "王经理")

        found = qualifications.list_lacking(world.people["县领导"], on=ON)

        assert [(r.employee.name, r.grade, r.needs, r.customers) for r in found] == [
            ("王经理", "special", "高级大客户经理", 1)
        ]

    def test_refuses_a_certificate_twice(self, world: World) -> None:
        certify(world, "李经理")

        with pytest.raises(UnableToRecordQualification, match="已登记过"):
            certify(world, "李经理")

    def test_records_a_course_once(self, world: World) -> None:
        def record() -> None:
            qualifying.record_training(
                employee_number="E005",
                course="用电安全",
                hours=Decimal(16),
                completed_on=dt.date(2026, 2, 1),
                score=Decimal(88),
                passed=True,
                by=world.people["县领导"],
                at=at(MONDAY),
            )

        record()
        with pytest.raises(UnableToRecordQualification, match="已登记过"):
            record()

        assert len(qualifications.list_training(world.people["县领导"])) == 1
