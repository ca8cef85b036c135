"""The register of firms, and a choice that nobody steers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted, Viewer
from busbar.connections import operations as connections_operations
from busbar.connections import queries as connections_queries
from busbar.connections.models import Contractor, ContractorChoice, Qualification
from busbar.connections.operations import UnableToChooseContractor, UnableToKeepContractor
from busbar.journal.models import Entry
from tests.connections.works import world as w
from tests.connections.works.world import World

DAY = dt.date(2025, 9, 25)


class TestRegister:
    def test_keeps_renews_and_revokes(self, world: World) -> None:
        firm = w.make_firm(1, "installation", "四级", until=dt.date(2026, 1, 1))
        first = firm.qualifications.get()

        next_one = connections_operations.renew_qualification(
            qualification_id=first.pk,
            valid_until=dt.date(2031, 1, 1),
            by=SYSTEM_VIEWER,
            at=w.at("2025-12-01"),
        )
        connections_operations.revoke_qualification(
            qualification_id=next_one.pk,
            on=dt.date(2026, 3, 1),
            reason="出借证书",
            by=SYSTEM_VIEWER,
            at=w.at("2026-03-02"),
        )

        assert (next_one.valid_from, next_one.grade) == (dt.date(2026, 1, 1), "四级")
        for day, count in ((dt.date(2026, 2, 28), 0), (dt.date(2026, 3, 1), 1)):
            reasons = connections_queries.explain_ineligibility(
                connections_queries.get_contractor(firm.pk),
                role="construction",
                voltage_kv=Decimal(10),
                on=day,
            )
            assert len(reasons) == count * 2  # the old certificate has run out, the new is revoked
        events = Entry.objects.filter(subject_type="connections.contractor").order_by("id")
        assert [e.event.split(".", 1)[1] for e in events] == [
            "contractor.registered",
            "qualification.granted",
            "qualification.renewed",
            "qualification.revoked",
        ]

    @pytest.mark.parametrize(
        ("facts", "why"),
        [
            ({"grade": "九级"}, "没有“九级”，应为"),
            ({"valid_until": dt.date(2020, 1, 1)}, "止日应晚于起日"),
            ({"certificate_number": " "}, "证书编号应填写"),
            ({"certificate_number": "证0001"}, "已登记"),
        ],
    )
    def test_refuses_a_certificate_that_cannot_be(
        self, world: World, facts: dict[str, Any], why: str
    ) -> None:
        firm = w.make_firm(1, "installation", "四级")
        before = list(Qualification.objects.values()), Entry.objects.count()
        usual = {
            "contractor_id": firm.pk,
            "kind": "installation",
            "grade": "三级",
            "certificate_number": "证9999",
            "valid_from": dt.date(2021, 1, 1),
            "valid_until": dt.date(2026, 1, 1),
        }

        with pytest.raises(UnableToKeepContractor, match=why):
            connections_operations.grant_qualification(
                **{**usual, **facts}, by=SYSTEM_VIEWER, at=w.at("2025-09-01")
            )

        assert (list(Qualification.objects.values()), Entry.objects.count()) == before

    def test_is_not_for_everybody(self, world: World) -> None:
        clerk = Viewer(7, 7, "员工", world.county.path)

        with pytest.raises(NotPermitted, match="维护设计施工单位名录"):
            connections_operations.register_contractor(
                code="D1",
                name="单位",
                credit_code=w.credit_code(1),
                by=clerk,
                at=w.at("2025-09-01"),
            )

        assert not Contractor.objects.exists()


class TestOffer:
    def test_is_complete_and_the_same_for_everybody_on_the_day(self, world: World) -> None:
        firms = [w.make_firm(n, "installation", "四级") for n in range(1, 9)]
        w.make_firm(20, "installation", "四级", until=dt.date(2025, 9, 25))
        w.make_firm(21, "design", "甲级")

        offer = connections_queries.offer_contractors(
            world.application, role="construction", on=DAY
        )
        again = connections_queries.offer_contractors(
            world.application, role="construction", on=DAY
        )

        shown = [entry.contractor.pk for entry in offer.entries]
        assert sorted(shown) == sorted(firm.pk for firm in firms)
        assert [entry.contractor.pk for entry in again.entries] == shown

    def test_favors_no_firm_over_the_days(self, world: World) -> None:
        firms = [w.make_firm(n, "installation", "四级") for n in range(1, 5)]

        tops = [
            connections_queries.offer_contractors(
                world.application, role="construction", on=DAY + dt.timedelta(days=day)
            )
            .entries[0]
            .contractor.pk
            for day in range(80)
        ]

        # Eighty days, four firms: twenty times each on average; none is always or never on top.
        assert {firm.pk for firm in firms} == set(tops)
        assert max(tops.count(firm.pk) for firm in firms) < 40

    def test_asks_for_the_voltage_of_the_scheme(self, world: World) -> None:
        chosen = world.scheme.chosen
        assert chosen is not None
        chosen.voltage_kv = 35
        chosen.save()
        w.make_firm(1, "installation", "五级")
        able = w.make_firm(2, "installation", "四级")

        offer = connections_queries.offer_contractors(
            world.application, role="construction", on=DAY
        )

        assert [entry.contractor.pk for entry in offer.entries] == [able.pk]


class TestChoose:
    def test_keeps_the_list_as_it_was_shown(self, world: World) -> None:
        firms = [w.make_firm(n, "installation", "四级") for n in (1, 2, 3)]

        choice = w.choose(world, "construction", firms[1])

        assert choice.by_customer
        assert choice.free_choice_confirmed
        assert sorted(row["code"] for row in choice.shown) == ["D001", "D002", "D003"]
        assert choice.shown_seed == f"{world.application.number}|construction|2025-09-25"
        entry = Entry.objects.latest("id")
        assert entry.event == "connections.contractor.chosen"
        assert entry.changes["contractor"] == "单位2"

    def test_again_takes_the_place_of_the_first(self, world: World) -> None:
        first, second = (w.make_firm(n, "installation", "四级") for n in (1, 2))
        w.choose(world, "construction", first)

        w.choose(world, "construction", second, "2025-09-26")

        rows = ContractorChoice.objects.order_by("id").values_list("contractor", "superseded_at")
        assert list(rows) == [(first.pk, w.at("2025-09-26")), (second.pk, None)]

    @pytest.mark.parametrize(
        ("grade", "until", "why"),
        [
            ("五级", dt.date(2030, 1, 1), "只能承接 10 千伏及以下，本工程为 35 千伏"),
            ("四级", dt.date(2025, 9, 25), "有效期到 2025-09-24，2025-09-25 已过期"),
        ],
    )
    def test_refuses_a_firm_and_says_what_it_lacks(
        self, world: World, grade: str, until: dt.date, why: str
    ) -> None:
        chosen = world.scheme.chosen
        assert chosen is not None
        chosen.voltage_kv = 35
        chosen.save()
        firm = w.make_firm(1, "installation", grade, until=until)

        with pytest.raises(UnableToChooseContractor, match=why):
            w.choose(world, "construction", firm)

        assert not ContractorChoice.objects.exists()

    def test_refuses_staff_without_the_customers_declaration(self, world: World) -> None:
        firm = w.make_firm(1, "installation", "四级")
        facts: dict[str, Any] = {
            "application_id": world.application.pk,
            "role": "construction",
            "contractor_id": firm.pk,
            "chosen_by": "王工",
            "free_choice_confirmed": True,
            "by": world.officer,
            "at": w.at("2025-09-25"),
        }

        # An employee who knows the query code is an employee all the same.
        for code in ("", "ABCDEFGH23"):
            with pytest.raises(UnableToChooseContractor, match="应附客户签字的自主选择声明"):
                connections_operations.choose_contractor(**facts, query_code=code)
        assert not ContractorChoice.objects.exists()

        choice = connections_operations.choose_contractor(**facts, declaration=[w.PDF])
        assert not choice.by_customer
        assert choice.declaration[0]["content_type"] == "application/pdf"

    @pytest.mark.parametrize(
        ("facts", "why"),
        [
            ({"query_code": "WRONG"}, "查询码不符"),
            ({"chosen_by": " "}, "作出选择的人"),
            ({"free_choice_confirmed": False}, "未指定任何单位"),
        ],
    )
    def test_refuses_what_is_not_the_customers_own(
        self, world: World, facts: dict[str, Any], why: str
    ) -> None:
        firm = w.make_firm(1, "installation", "四级")
        usual = {
            "application_id": world.application.pk,
            "role": "construction",
            "contractor_id": firm.pk,
            "chosen_by": "王工",
            "free_choice_confirmed": True,
            "query_code": "ABCDEFGH23",
            "by": Viewer(None, None, "客户", ""),
            "at": w.at("2025-09-25"),
        }

        with pytest.raises(UnableToChooseContractor, match=why):
            connections_operations.choose_contractor(**{**usual, **facts})

        assert not ContractorChoice.objects.exists()
