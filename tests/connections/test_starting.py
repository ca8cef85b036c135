"""Submitting starts the seven stages; what happens outside a process reaches it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from busbar.access.models import Role
from busbar.connections import operations as connections_operations
from busbar.connections.changes.eligibility import CONDITIONS
from busbar.connections.models import ChangeKind, ConnectionApplication, SupplyChange
from busbar.connections.operations import changes as change_operations
from busbar.connections.operations import fees
from busbar.connections.queries.changes import Wish
from busbar.connections.sent_files import SentFile
from busbar.console.workflow.subjects import matter_of
from busbar.customers.models import Customer, CustomerAccount
from busbar.jobs import connections, outbox
from busbar.jobs.outbox import Reaction
from busbar.journal.models import Entry
from busbar.journal.operations import SYSTEM
from busbar.supply.models import MeteringSide, Site, Transformer, UsagePoint
from busbar.workflow.models import InstanceState, ProcessInstance
from busbar.workflow.operations import UnableToStartProcess
from tests.connections.intake.conftest import credit_code, make_form
from tests.connections.processes import world as w
from tests.connections.processes.world import Company, at
from tests.imports.world import make_viewer

NOON = at("2025-03-03", 12)
REACTIONS = (
    Reaction("connections.processes", connections.PROCESS_PREFIXES, connections.move_processes),
)


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> None:
    settings.FILES_ROOT = tmp_path / "files"


@pytest.fixture
def company(ground: None) -> Company:
    w.load_ground(NOON)
    made = w.make_company(NOON)
    made.people["clerk"] = make_viewer(made.units["3101"], Role.SERVICE_AGENT, number="E900")
    return made


def submit(company: Company, **changes: Any) -> ConnectionApplication:
    return connections_operations.submit_and_start(
        form=make_form(**changes),
        unit=company.units["310101S1"],
        channel="counter",
        by=company.people["station"],
        at=NOON,
    )


def process_of(matter: Any) -> ProcessInstance:
    return ProcessInstance.objects.get(pk=matter.process_id)


class TestSubmitAndStart:
    @pytest.mark.parametrize(
        ("facts", "key"),
        [
            ({"supply_kind": "hv_single"}, "connection_high_voltage"),
            ({"supply_kind": "hv_dual"}, "connection_high_voltage"),
            ({"supply_kind": "low_voltage", "wished_voltage_kv": None}, "connection_low_voltage"),
            (
                {"supply_kind": "temporary", "temporary_until": dt.date(2025, 9, 1)},
                "connection_high_voltage",
            ),
            (
                {
                    "supply_kind": "temporary",
                    "temporary_until": dt.date(2025, 9, 1),
                    "wished_voltage_kv": Decimal("0.38"),
                },
                "connection_low_voltage",
            ),
        ],
    )
    def test_picks_the_process_of_the_voltage(
        self, company: Company, facts: dict[str, Any], key: str
    ) -> None:
        application = submit(company, **facts)

        assert process_of(application).definition.key == key

    def test_opens_the_first_task_where_the_application_was_taken_in(
        self, company: Company
    ) -> None:
        task = process_of(submit(company)).tasks.get()

        assert (task.element, task.unit.code) == ("check_documents", "310101S1")

    def test_keeps_the_documents_that_came_with_it(self, company: Company) -> None:
        application = connections_operations.submit_and_start(
            form=make_form(),
            unit=company.units["310101S1"],
            channel="counter",
            documents=[("identity", SentFile("执照.pdf", w.PDF))],
            by=company.people["station"],
            at=NOON,
        )

        assert application.documents.get().file_name == "执照.pdf"

    def test_takes_nothing_in_where_no_process_is_in_force(self, ground: None) -> None:
        connections_operations.load_intake_seed(at=NOON)
        company = w.make_company(NOON)
        before = Entry.objects.count()

        with pytest.raises(UnableToStartProcess, match="没有生效的版本"):
            submit(company)

        assert ConnectionApplication.objects.count() == 0
        assert Entry.objects.count() == before


class TestReactions:
    def test_a_withdrawn_application_ends_its_process(self, company: Company) -> None:
        application = submit(company)
        connections_operations.withdraw_application(
            application_id=application.pk, reason="不再建厂", by=company.people["station"], at=NOON
        )

        outbox.work_off(REACTIONS)
        outbox.work_off(REACTIONS)

        process = process_of(application)
        assert process.state == InstanceState.CANCELLED
        assert process.end_reason == "不再建厂"
        assert not process.tasks.filter(state__in=("open", "claimed")).exists()

    def test_the_last_fee_paid_lets_the_process_go_on(self, ground: None, settings: Any) -> None:
        from tests.connections.processes import test_connection_journey as journey

        connection = w.make_connection(credit_code=credit_code(7))
        journey.bring_to_scheme(connection)
        works = {"item": "commissioned_works", "quantity": "1", "price_yuan": "12000.00"}
        journey.reply(connection, charges=[{**works, "basis": "预算"}])
        assert connection.process.waits.filter(message="fees_received").exists()

        for notice in connection.application.fee_notices.all():
            fees.settle(notice, actor=SYSTEM, at=at("2025-03-26"))
        outbox.work_off(REACTIONS)

        assert not connection.process.waits.filter(message="fees_received").exists()


class TestShortProcesses:
    @pytest.fixture
    def account(self, company: Company) -> CustomerAccount:
        unit = company.units["310101"]
        customer = Customer.objects.create(number="K1", name="东海厂", kind="industry", unit=unit)
        site = Site.objects.create(code="S1", name="厂区", customer=customer)
        found = CustomerAccount.objects.create(
            number="3301", name="东海厂", customer=customer, unit=unit
        )
        UsagePoint.objects.create(
            number="UP1", name="总表", account=found, site=site, voltage_kv=10,
            metering_side=MeteringSide.HIGH,
        )  # fmt: skip
        Transformer.objects.create(
            number="T1", account=found, site=site, capacity_kva=1000,
            installed_on=dt.date(2020, 1, 1),
        )  # fmt: skip
        return found

    def test_a_change_waits_for_its_approval(
        self, company: Company, account: CustomerAccount
    ) -> None:
        change = self.rename(company, account)

        process = process_of(change)
        assert process.definition.key == "supply_change"
        assert process.facts["change_kind"] == "renaming"
        assert process.facts["lasting"] is False
        assert process.tasks.get().element == "approve_change"

    def test_a_withdrawn_change_ends_its_process(
        self, company: Company, account: CustomerAccount
    ) -> None:
        change = self.rename(company, account)
        change_operations.withdraw_change(
            change_id=change.pk, reason="客户撤回", by=company.people["clerk"], at=NOON
        )

        outbox.work_off(REACTIONS)

        assert process_of(change).state == InstanceState.CANCELLED

    def test_orders_of_both_sorts_start_theirs(
        self, company: Company, account: CustomerAccount
    ) -> None:
        metering = connections_operations.order_metering_and_start(
            kind="install",
            usage_point=UsagePoint.objects.get(),
            reason="新装",
            by=company.people["clerk"],
            at=NOON,
        )
        service = connections_operations.order_service_and_start(
            kind="consultation",
            customer=account.customer,
            topic="峰谷",
            request="何时为谷段",
            by=company.people["clerk"],
            at=NOON,
        )

        assert process_of(metering).subject_label == f"{metering.number} 装表"
        assert process_of(metering).definition.key == "metering_order"
        assert process_of(service).facts["order_kind"] == "consultation"

    def test_the_task_says_what_is_to_be_done_and_where(
        self, company: Company, account: CustomerAccount
    ) -> None:
        point = UsagePoint.objects.get()
        order = connections_operations.order_metering_and_start(
            kind="install", usage_point=point, reason="新装", by=company.people["clerk"], at=NOON
        )

        with translation.override("zh-hans"):
            matter = matter_of(company.people["metering"], process_of(order))

        assert {("装接原因", "新装"), ("计量点", f"{point.number} {point.name}")} <= set(
            matter.pairs
        )
        assert (matter.url, matter.customer) == ("", None)  # not the whole order, nor the archive

    def rename(self, company: Company, account: CustomerAccount) -> SupplyChange:
        return connections_operations.request_change_and_start(
            account=account,
            wish=Wish(
                kind=ChangeKind.RENAMING,
                starts_on=dt.date(2025, 3, 20),
                confirmed=frozenset(CONDITIONS),
            ),
            facts={"new_name": "东海新厂"},
            by=company.people["clerk"],
            at=NOON,
        )  # fmt: skip
