"""One clerk, one customer: each use case does its work or says why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from busbar.access.models import Employee, OrganizationUnit, Role
from busbar.access.visibility import NotPermitted, Viewer
from busbar.customers import operations as customers_operations
from busbar.customers import queries as customers_queries
from busbar.customers.models import AccountTeamMember, Customer, Document
from busbar.customers.operations import (
    UnableToAmendCustomer,
    UnableToAttachDocument,
    UnableToOpenAccount,
    UnableToRegisterCustomer,
)
from busbar.journal.models import Entry
from tests.imports.world import AT, STEEL_CODE, make_viewer

Units = dict[str, OrganizationUnit]
PDF = b"%PDF-1.7\n" + b"x" * 100


@pytest.fixture
def clerk(units: Units) -> Viewer:
    return make_viewer(units["310101"], Role.ACCOUNT_MANAGER)


def register(clerk: Viewer, unit: OrganizationUnit, number: str = "C1", **more: Any) -> Customer:
    return customers_operations.register_customer(
        number=number, name="东海钢铁", kind="industry", unit=unit, by=clerk, at=AT, **more
    )


class TestRegisterCustomer:
    def test_registers_with_pinyin_and_one_journal_entry(self, units: Units, clerk: Viewer) -> None:
        before = Entry.objects.count()

        customer = register(clerk, units["310101"], credit_code=STEEL_CODE)

        assert customer.pinyin == "dhgt"
        told = Entry.objects.order_by("id")[before:]
        assert [(e.event, e.customer_id) for e in told] == [
            ("customers.customer.registered", customer.pk)
        ]

    def test_refuses_a_number_twice_a_wrong_code_and_a_foreign_unit(
        self, units: Units, clerk: Viewer
    ) -> None:
        register(clerk, units["310101"])
        entries = Entry.objects.count()

        with pytest.raises(UnableToRegisterCustomer, match="C1 已登记"):
            register(clerk, units["310101"])
        with pytest.raises(UnableToRegisterCustomer, match="校验码"):
            register(clerk, units["310101"], "C2", credit_code="91110108551385082R")
        with pytest.raises(UnableToRegisterCustomer, match="管辖范围"):
            register(clerk, units["310102"], "C3")

        assert Customer.objects.count() == 1
        assert Entry.objects.count() == entries

    def test_needs_the_permission(self, units: Units) -> None:
        with pytest.raises(NotPermitted):
            register(make_viewer(units["310101"], Role.REGULATOR, number="E9"), units["310101"])
        assert not Customer.objects.exists()


class TestAmendAndOpen:
    def test_amending_tells_before_and_after(self, units: Units, clerk: Viewer) -> None:
        customer = register(clerk, units["310101"])

        customers_operations.amend_customer(
            customer=customer, changes={"importance": "first"}, by=clerk, at=AT
        )

        assert Entry.objects.order_by("-id")[0].changes == {"importance": ["none", "first"]}

    def test_refuses_an_empty_name_and_unknown_facts(self, units: Units, clerk: Viewer) -> None:
        customer = register(clerk, units["310101"])
        for changes in ({"name": " "}, {"number": "C9"}, {"unit": ""}):
            with pytest.raises(UnableToAmendCustomer):
                customers_operations.amend_customer(
                    customer=customer, changes=changes, by=clerk, at=AT
                )
        assert Customer.objects.get().name == "东海钢铁"

    def test_an_account_needs_a_proper_number(self, units: Units, clerk: Viewer) -> None:
        customer = register(clerk, units["310101"])
        facts = {"name": "一厂", "customer": customer, "unit": units["310101"]}

        account = customers_operations.open_account(number="3101000001", by=clerk, at=AT, **facts)

        assert account.customer_id == customer.pk
        for number in ("3101000001", "A1"):
            with pytest.raises(UnableToOpenAccount):
                customers_operations.open_account(number=number, by=clerk, at=AT, **facts)
        assert customer.accounts.count() == 1


class TestDocuments:
    def attach(self, customer: Customer, clerk: Viewer, name: str, content: bytes) -> Document:
        return customers_operations.attach_document(
            customer=customer, title="合同", kind="合同", file_name=name, chunks=[content],
            by=clerk, at=AT,
        )  # fmt: skip

    def test_are_kept_by_digest_under_a_safe_name(self, units: Units, clerk: Viewer) -> None:
        customer = register(clerk, units["310101"])

        document = self.attach(customer, clerk, "../../正本.exe", PDF)

        assert (document.file_name, document.content_type) == ("正本.pdf", "application/pdf")
        assert customers_queries.get_document_path(document).read_bytes() == PDF

    def test_are_refused_by_content_and_when_attached_twice(
        self, units: Units, clerk: Viewer, home: Path
    ) -> None:
        customer = register(clerk, units["310101"])
        self.attach(customer, clerk, "a.pdf", PDF)

        with pytest.raises(UnableToAttachDocument, match="只接受"):
            self.attach(customer, clerk, "a.pdf", b"MZ\x90\x00\x03")
        with pytest.raises(UnableToAttachDocument, match="已在"):
            self.attach(customer, clerk, "b.pdf", PDF)

        assert Document.objects.count() == 1
        assert len([p for p in (home / "files").rglob("*") if p.is_file()]) == 1


class TestTeam:
    def test_a_new_lead_makes_the_old_one_a_member(self, units: Units, clerk: Viewer) -> None:
        register(clerk, units["310101"])
        make_viewer(units["310102"], Role.ACCOUNT_MANAGER, number="E2")
        for number in ("E1", "E2"):
            row = {"customer": "C1", "employee": number, "role": "lead"}
            customers_operations.store_team(rows=[row], by=clerk, at=AT)

        members = AccountTeamMember.objects.order_by("employee__number")
        assert [(m.employee.number, m.role) for m in members] == [("E1", "member"), ("E2", "lead")]

    def test_members_see_the_customer_until_they_are_removed(
        self, units: Units, clerk: Viewer
    ) -> None:
        customer = register(clerk, units["310101"])
        other = make_viewer(units["310102"], Role.ACCOUNT_MANAGER, number="E2")
        employee = Employee.objects.get(number="E2")
        row = {"customer": "C1", "employee": "E2", "role": "member"}
        customers_operations.store_team(rows=[row], by=clerk, at=AT)
        assert customers_queries.get_customer(other, "C1").pk == customer.pk

        customers_operations.remove_team_member(
            customer=customer, employee=employee, by=clerk, at=AT
        )

        with pytest.raises(Customer.DoesNotExist):
            customers_queries.get_customer(replace(other), "C1")
