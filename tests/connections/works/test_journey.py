"""From the scheme's reply to a billed account, through the operations alone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

from busbar.access.visibility import SYSTEM_VIEWER
from busbar.billing import operations as billing_operations
from busbar.billing import queries as billing_queries
from busbar.clocks.models import Clock
from busbar.connections import operations as connections_operations
from busbar.connections.operations import RecheckAnswer, Trainee
from busbar.journal.models import Entry
from busbar.kit.periods import Month
from busbar.metering.models import MeterInstallation
from busbar.supply import queries as supply_queries
from busbar.supply.models import UsagePoint
from tests.billing import world as billing_world
from tests.connections.works import world as w
from tests.connections.works.world import World


class TestJourney:
    def test_from_scheme_to_bill(self, world: World, home: Path) -> None:
        w.ask_for_papers()
        w.start_works(world)
        self.inspect_twice(world)
        for name in w.FORMS:
            w.hand_in(world, name)
        w.complete(world)
        w.pass_completion(world)
        w.sign(world)
        w.fit(w.plan(world).pk)
        w.energize(world)
        self.finish(world)

        account = world.fresh().account
        assert account is not None
        point = UsagePoint.objects.get(account=account)
        january = Month(2026, 1)
        billing_world.store(home / "lake", billing_world.curves([point], january))
        run = billing_operations.run_month(month=january, by=SYSTEM_VIEWER, at=w.at("2026-02-02"))

        assert (run.billed, run.refused) == (1, 0)
        bill = billing_queries.get_bill(
            viewer=SYSTEM_VIEWER, account_number=account.number, month="2026-01"
        )
        assert bill.energy_kwh == 74_400
        # 31 days of 100 kW: 12,400 + 22,320 + 7,440 yuan; 800 kVA at 30 yuan; -0.75 % for cos phi.
        adjustable = Decimal("42160.00") + 24_000
        assert bill.amount == adjustable - Decimal("496.20")

    def inspect_twice(self, world: World) -> None:
        asked = w.request(world, "interim", "2025-11-01")
        held = w.hold(asked, w.outcome(world, "2025-11-01", findings=[w.finding()]), "2025-11-01")
        problem = held.findings.get()
        connections_operations.rectify_finding(
            finding_id=problem.pk,
            measure="补焊",
            rectified_by="李工",
            evidence=[w.PHOTO],
            by=SYSTEM_VIEWER,
            at=w.at("2025-11-05"),
        )
        connections_operations.recheck_finding(
            finding_id=problem.pk,
            answer=RecheckAnswer(is_passed=True),
            inspector_ids=[person.pk for person in world.inspectors],
            by=SYSTEM_VIEWER,
            at=w.at("2025-11-06"),
        )

    def finish(self, world: World) -> None:
        connections_operations.register_supply(
            application_id=world.application.pk,
            contact_name="王工",
            contact_phone="13800000000",
            by=SYSTEM_VIEWER,
            at=w.at("2025-12-02"),
        )
        connections_operations.record_training(
            application_id=world.application.pk,
            topic="安全用电",
            held_on=dt.date(2025, 12, 10),
            attendees=[Trainee("王工", signed_in=True, score=88), Trainee("张工", signed_in=False)],
            sign_in_sheet=[w.PHOTO],
            by=SYSTEM_VIEWER,
            at=w.at("2025-12-10"),
        )
        connections_operations.close_application(
            application_id=world.application.pk, by=SYSTEM_VIEWER, at=w.at("2025-12-11")
        )

        assert (world.fresh().state, world.fresh().stage) == ("closed", 7)
        clocks = Clock.objects.about("connections.application", world.application.pk)
        assert {
            "design-review",
            "mid-inspection",
            "completion-inspection",
            "energizing",
            "registration",
            "training",
        } <= set(clocks.values_list("code", flat=True))
        assert list(clocks.open().values_list("code", flat=True)) == []
        events = list(
            Entry.objects.filter(event__startswith="connections.", subject_id=world.application.pk)
            .filter(subject_type="connections.application")
            .order_by("id")
            .values_list("event", flat=True)
        )
        assert [name.removeprefix("connections.") for name in events] == [
            "contractor.chosen",
            "design.submitted",
            "design.reviewed",
            "contractor.chosen",
            "work.started",
            "inspection.requested",
            "inspection.held",
            "finding.rectified",
            "finding.rechecked",
            "completion.reported",
            "inspection.requested",
            "inspection.held",
            "acceptance.passed",
            "agreement.drafted",
            "agreement.signed",
            "energizing.ready",
            "metering.planned",
            "meter.installed",
            "supply.energized",
            "customer.registered",
            "training.held",
            "training.completed",
            "application.closed",
        ]


class TestArchive:
    def test_holds_the_whole_supply_after_energising(self, world: World) -> None:
        made = w.reach_energized(world)

        day = dt.date(2025, 12, 1)
        supply = supply_queries.get_customer_supply(SYSTEM_VIEWER, world.customer, on=day)
        site = supply.sites[0]
        assert made.account.number == f"9{world.county.pk:05d}0000001"
        assert (made.account.opened_on, made.account.unit) == (day, world.county)
        assert [(s.feeder.code, s.role, s.capacity_kva) for s in site.sources] == [
            ("F1", "main", 800)
        ]
        unit = site.transformers[0]
        assert (unit.transformer.capacity_kva, unit.state and unit.state.state) == (800, "running")
        assert unit.transformer.number == f"{made.account.number}-1#"
        agreement = supply.agreements[0]
        assert (agreement.valid_from, agreement.contract_capacity_kva) == (day, 800)
        installation = MeterInstallation.objects.get(usage_point__account=made.account)
        assert (installation.meter.serial, installation.ct_ratio, installation.pt_ratio) == (
            "M900",
            10,
            100,
        )
        assert installation.usage_point.number == f"{made.account.number}01"

    def test_an_own_line_becomes_a_feeder_of_the_station(self, world: World) -> None:
        chosen = world.scheme.chosen
        assert chosen is not None
        chosen.sources = [
            {"way": "dedicated", "station": "SS1", "line": None, "new_km": "2.5", "bus": "Ⅰ"}
        ]
        chosen.save()

        made = w.reach_energized(world)

        feeder = made.site.power_sources.get().feeder
        assert (feeder.substation.code, feeder.length_km) == ("SS1", Decimal("2.5"))
