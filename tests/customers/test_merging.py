"""Two customers become one, and two again, with nothing lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core import serializers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from busbar.access.models import OrganizationUnit, Role
from busbar.access.visibility import SYSTEM_VIEWER, NotPermitted, Viewer
from busbar.clocks.models import WorkingHours
from busbar.customers import operations as customers_operations
from busbar.customers import queries as customers_queries
from busbar.customers.models import (
    AccountTeamMember,
    Contact,
    Customer,
    CustomerAccount,
    CustomerMerge,
    Document,
    FormerNumber,
)
from busbar.customers.operations import (
    UnableToMergeCustomers,
    UnableToSplitCustomer,
    UnableToUndoMerge,
)
from busbar.customers.operations.relocation import holders
from busbar.journal.models import Entry
from busbar.supply.models import Site
from tests.customers.consolidation_world import customers_by_account, import_accounts
from tests.imports.world import AT, STEEL_CODE, make_units, make_viewer

Units = dict[str, OrganizationUnit]
OTHER_CODE = "91110000100000169H"


@pytest.fixture
def clerk(units: Units) -> Viewer:
    return make_viewer(units["310101"], Role.ACCOUNT_MANAGER)


@pytest.fixture
def owners(units: Units) -> dict[str, Customer]:
    return import_accounts(units["310101"])


def everything() -> dict[str, Any]:
    """Every row that names a customer, and the customers, as JSON by model."""
    models = {model for model, _column in holders()} | {Customer}
    told = (CustomerMerge,)  # the record itself stays after an undo
    return {
        model.__name__: json.loads(
            serializers.serialize("json", model._base_manager.order_by("pk"))
        )
        for model in models
        if model not in told
    }


def merge(survivor: Customer, absorbed: Customer, by: Viewer, **more: Any) -> CustomerMerge:
    return customers_operations.merge_customers(
        survivor=survivor, absorbed=absorbed, by=by, at=AT, **more
    )


def furnish(customer: Customer, by: Viewer) -> None:
    """The same contact, document and team at every customer: all of them clash."""
    customers_operations.add_contact(
        customer=customer, name="张三", role="电气负责人", is_primary=True, by=by, at=AT
    )
    customers_operations.attach_document(
        customer=customer, title="执照", kind="证照", file_name="a.txt", chunks=[b"same"], by=by,
        at=AT,
    )  # fmt: skip
    AccountTeamMember.objects.create(
        customer=customer, employee_id=by.employee_id or 0, role="lead"
    )
    Site.objects.create(code=f"S{customer.number}", name="厂区", customer=customer)
    WorkingHours.objects.create(
        unit=customer.unit, customer_id=customer.pk, periods=[[]] * 7, valid_from=AT.date()
    )


class TestMerging:
    def test_moves_every_row_keeps_origins_and_tells_once(
        self, owners: dict[str, Customer], clerk: Viewer
    ) -> None:
        survivor, absorbed = owners["3101000001"], owners["3101000002"]
        entries = Entry.objects.count()

        record = merge(survivor, absorbed, clerk, reason="同一主体")

        assert customers_by_account()["3101000002"] == survivor
        assert not Customer.objects.filter(pk=record.other_id).exists()
        origins = CustomerAccount.objects.order_by("number").values_list("origin", flat=True)
        assert list(origins) == [f"旧系统 {number}" for number in owners]
        told = list(Entry.objects.order_by("id")[entries:])
        assert [(e.event, e.customer_id) for e in told] == [
            ("customers.customer.merged", survivor.pk)
        ]

    def test_the_former_number_leads_to_the_survivor(
        self, owners: dict[str, Customer], clerk: Viewer
    ) -> None:
        survivor, absorbed = owners["3101000001"], owners["3101000002"]
        merge(survivor, absorbed, clerk)

        found = customers_queries.get_customer(clerk, absorbed.number)
        hits = customers_queries.search(clerk, absorbed.number)

        assert found == survivor
        assert [(hit.kind, hit.number) for hit in hits] == [("customer", survivor.number)]

    def test_a_twin_is_set_aside_and_a_second_lead_gives_way(
        self, owners: dict[str, Customer], clerk: Viewer
    ) -> None:
        survivor, absorbed = owners["3101000001"], owners["3101000002"]
        furnish(survivor, clerk)
        furnish(absorbed, clerk)
        customers_operations.add_contact(
            customer=absorbed, name="李四", role="财务", is_primary=True, by=clerk, at=AT
        )
        before = everything()

        record = merge(survivor, absorbed, clerk)

        assert Contact.objects.filter(customer=survivor).count() == 2
        assert Contact.objects.filter(is_primary=True).count() == 1
        assert Document.objects.count() == AccountTeamMember.objects.count() == 1
        assert Site.objects.filter(customer=survivor).count() == 2
        assert {one["model"] for one in record.aside} == {
            "customers.Contact",
            "customers.Document",
            "customers.AccountTeamMember",
            "clocks.WorkingHours",
        }
        customers_operations.undo_merge(merge=record, by=clerk, at=AT)
        assert everything() == before

    def test_fills_what_the_survivor_leaves_open_and_gives_it_back(
        self, owners: dict[str, Customer], clerk: Viewer
    ) -> None:
        survivor, absorbed = owners["3101000002"], owners["3101000001"]
        customers_operations.amend_customer(
            customer=absorbed, changes={"importance": "first"}, by=clerk, at=AT
        )
        before = everything()

        record = merge(survivor, absorbed, clerk)

        survivor.refresh_from_db()
        assert (survivor.credit_code, survivor.importance) == (STEEL_CODE, "first")
        customers_operations.undo_merge(merge=record, by=clerk, at=AT)
        assert everything() == before

    def test_two_credit_codes_need_a_reason_and_are_never_joined_by_themselves(
        self, owners: dict[str, Customer], clerk: Viewer
    ) -> None:
        survivor, absorbed = owners["3101000001"], owners["3101000005"]
        customers_operations.amend_customer(
            customer=absorbed, changes={"credit_code": OTHER_CODE}, by=clerk, at=AT
        )
        before = everything()

        with pytest.raises(UnableToMergeCustomers, match="信用代码不同"):
            merge(survivor, absorbed, clerk)
        with pytest.raises(UnableToMergeCustomers, match="信用代码不同"):
            merge(survivor, absorbed, clerk, reason="自动", is_automatic=True)

        assert everything() == before
        record = merge(survivor, absorbed, clerk, reason="吸收合并协议 2026-3")
        assert FormerNumber.objects.get(merge=record).credit_code == OTHER_CODE

    def test_refuses_itself_the_unpermitted_and_what_lies_outside(
        self, units: Units, owners: dict[str, Customer], clerk: Viewer
    ) -> None:
        foreign = import_accounts(
            units["310102"], [("3102000001", "东海钢铁有限公司", "望海县东路1号", "")]
        )["3102000001"]
        before = everything()

        with pytest.raises(UnableToMergeCustomers, match="两个不同"):
            merge(owners["3101000001"], owners["3101000001"], clerk)
        with pytest.raises(UnableToMergeCustomers, match="管辖范围"):
            merge(owners["3101000001"], foreign, clerk)
        regulator = make_viewer(units["3101"], Role.REGULATOR, number="E9")
        with pytest.raises(NotPermitted):
            merge(owners["3101000001"], foreign, regulator)

        assert everything() == before

    def test_a_second_import_finds_the_survivor(
        self, units: Units, owners: dict[str, Customer], clerk: Viewer
    ) -> None:
        survivor, absorbed = owners["3101000005"], owners["3101000006"]
        merge(survivor, absorbed, clerk)

        outcome = customers_operations.store_accounts(
            rows=[
                {
                    "account": "3101000099",
                    "name": "华宁化工",
                    "customer": absorbed.number,
                    "unit": "310101",
                }
            ],
            by=SYSTEM_VIEWER,
            at=AT,
        )
        again = customers_operations.store_customers(
            rows=[{"customer": absorbed.number, "name": "x", "kind": "other", "unit": "310101"}],
            by=SYSTEM_VIEWER,
            at=AT,
        )

        assert outcome.rejections == []
        assert customers_by_account()["3101000099"] == survivor
        assert "已并入" in str(again.rejections[0].expectation)


class TestUndoing:
    def test_takes_the_latest_first(self, owners: dict[str, Customer], clerk: Viewer) -> None:
        survivor = owners["3101000001"]
        first = merge(survivor, owners["3101000002"], clerk)
        merge(survivor, owners["3101000003"], clerk)
        before = everything()

        with pytest.raises(UnableToUndoMerge, match="请先撤销其后的归并"):
            customers_operations.undo_merge(merge=first, by=clerk, at=AT)

        assert everything() == before

    def test_a_chain_is_undone_from_its_end(
        self, owners: dict[str, Customer], clerk: Viewer
    ) -> None:
        a, b, c = (owners[f"310100000{n}"] for n in (1, 2, 3))
        before = everything()
        inner = merge(b, c, clerk)
        outer = merge(a, b, clerk)
        assert set(customers_by_account().values()) >= {a}
        found = customers_queries.get_customer(clerk, c.number)
        assert found == a

        customers_operations.undo_merge(merge=outer, by=clerk, at=AT)
        inner.refresh_from_db()
        customers_operations.undo_merge(merge=inner, by=clerk, at=AT)

        assert everything() == before
        with pytest.raises(UnableToUndoMerge, match="已撤销"):
            customers_operations.undo_merge(merge=inner, by=clerk, at=AT)


class TestSplitting:
    def test_takes_accounts_out_with_their_own_sites_and_puts_them_back(
        self, owners: dict[str, Customer], clerk: Viewer
    ) -> None:
        survivor = owners["3101000001"]
        merge(survivor, owners["3101000002"], clerk)
        before = everything()

        record = customers_operations.split_customer(
            customer=survivor,
            accounts=["3101000002"],
            name="东海钢铁销售有限公司",
            number="C9",
            reason="不是同一法人",
            by=clerk,
            at=AT,
        )

        assert customers_by_account()["3101000002"].number == "C9"
        customers_operations.undo_merge(merge=record, by=clerk, at=AT)
        assert everything() == before

    def test_refuses_all_accounts_foreign_ones_and_no_reason(
        self, owners: dict[str, Customer], clerk: Viewer
    ) -> None:
        survivor = owners["3101000001"]
        merge(survivor, owners["3101000002"], clerk)
        before = everything()

        def split(accounts: list[str], reason: str = "依据") -> None:
            customers_operations.split_customer(
                customer=survivor, accounts=accounts, name="新", reason=reason, by=clerk, at=AT
            )

        with pytest.raises(UnableToSplitCustomer, match="至少有一个"):
            split(["3101000001", "3101000002"])
        with pytest.raises(UnableToSplitCustomer, match="属于该客户"):
            split(["3101000005"])
        with pytest.raises(UnableToSplitCustomer, match="依据"):
            split(["3101000002"], reason=" ")

        assert everything() == before


class TestAnythingCanBeTakenBack(TestCase):
    """Random merges, splits and undos."""

    @given(
        st.lists(st.tuples(st.integers(0, 9), st.integers(0, 6), st.integers(0, 6)), max_size=10)
    )
    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    def test_undoing_all_restores_everything(self, steps: list[tuple[int, int, int]]) -> None:
        units = make_units()
        clerk = make_viewer(units["310101"], Role.ACCOUNT_MANAGER)
        numbers = list(import_accounts(units["310101"]))
        for customer in Customer.objects.select_related("unit").order_by("pk")[:4]:
            Contact.objects.create(
                customer=customer, name="张三", role=f"角色{customer.pk % 2}", is_primary=True
            )
            AccountTeamMember.objects.create(
                customer=customer, employee_id=clerk.employee_id or 0, role="lead"
            )
        before = everything()
        origins = dict(CustomerAccount.objects.values_list("number", "origin"))

        for kind, first, second in steps:
            self._step(kind, numbers[first], numbers[second], clerk)
            held = dict(CustomerAccount.objects.values_list("number", "origin"))
            assert held == origins

        while record := CustomerMerge.objects.filter(undone_at=None).order_by("-pk").first():
            customers_operations.undo_merge(merge=record, by=clerk, at=AT)
        assert everything() == before

    def _step(self, kind: int, first: str, second: str, clerk: Viewer) -> None:
        owners = customers_by_account()
        try:
            if kind < 6:
                merge(owners[first], owners[second], clerk, reason="依据")
            elif kind < 8:
                customers_operations.split_customer(
                    customer=owners[first], accounts=[first], name="新客户",
                    number=f"N{CustomerMerge.objects.count()}", reason="依据", by=clerk, at=AT,
                )  # fmt: skip
            elif record := CustomerMerge.objects.filter(undone_at=None).order_by("pk").first():
                customers_operations.undo_merge(merge=record, by=clerk, at=AT)
        except (UnableToMergeCustomers, UnableToSplitCustomer, UnableToUndoMerge):
            return
