"""Every address as everybody: who is let in, who is not, and nothing of another branch leaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from busbar.access import operations as access_operations
from busbar.access.models import Role
from busbar.access.permissions import Permission, permissions_of
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.imports import operations as imports_operations
from busbar.imports.operations import Incoming
from busbar.journal.models import Entry
from busbar.metering import operations as metering_operations
from busbar.network.models import Feeder, Substation
from tests.billing import world
from tests.console.work_region import FOREIGN, OWN, Region, make_billed, make_units

pytestmark = pytest.mark.django_db

ROLES = [
    role
    if role in {Role.MANAGER, Role.ACCOUNT_MANAGER}
    else pytest.param(role, marks=pytest.mark.one_database)
    for role in Role
]
"""All; PostgreSQL compares paths and teams in the same way for the others."""

GUARDED: dict[str, Permission] = {
    "import": Permission.IMPORT_FILES,
    "journal": Permission.READ_JOURNAL,
    "organization": Permission.ADMINISTER,
    "unit": Permission.ADMINISTER,
    "employee": Permission.ADMINISTER,
    "calendar": Permission.ADMINISTER,
    "task": Permission.ADMINISTER,
    "definition": Permission.PUBLISH_PROCESSES,
    "supervision": Permission.READ_JOURNAL,
    "consolidation": Permission.CONSOLIDATE,
}
"""Which permission the places of an area ask of those who read, by the first word of the name."""

EDITING = {"contact_edit", "contact_new", "customer_edit", "document_new"}
NEEDED: dict[str, Permission] = {
    "customer_merge": Permission.CONSOLIDATE,
    "customer_split": Permission.CONSOLIDATE,
    "application_new": Permission.ACCEPT_APPLICATIONS,
    "application_load_row": Permission.ACCEPT_APPLICATIONS,
    "application_applicants": Permission.ACCEPT_APPLICATIONS,
    "application_applicant": Permission.ACCEPT_APPLICATIONS,
    "change_new": Permission.HANDLE_CHANGES,
    "metering_order_new": Permission.HANDLE_CHANGES,
    "order_new": Permission.ORDER_DEPARTMENTS,
    "service_order_new": Permission.HANDLE_CHANGES,
    "vee_rule": Permission.KEEP_VEE_RULES,
    "tariff_draft_new": Permission.DRAFT_TARIFFS,
    "outage_new": Permission.MANAGE_OUTAGES,
    "claim_new": Permission.RAISE_CLAIMS,
    "saving_export": Permission.EXPORT,
    "interaction_new": Permission.KEEP_RELATIONS,
    "complaint_new": Permission.HANDLE_COMPLAINTS,
    "ledger_export": Permission.EXPORT,
}
"""Forms that ask for their own permission before they are shown."""
OPEN = {
    "choose_language",
    "progress",
    "progress_contractors",
    "progress_corrected",
    "progress_document",
    "progress_extension",
    "progress_leave",
    "progress_paper",
    "progress_receipt",
    "published_bill",
    "published_bill_paper",
    "published_promises",
}
"""Without sign-in: pages of applicants and customers ask for a code or word; tested elsewhere."""
POST_ONLY = 405
QUERIES = {"curve_data": "?view=day&date=2026-01-05"}
"""What an address cannot do without."""
SECRETS = (f"客户{FOREIGN}", f"U{FOREIGN}", f"A{FOREIGN}", f"T{FOREIGN}")
"""What only the neighbor's people may ever see."""


SHARED = {
    "rule_set_detail.code": "R2024",
    "limit_set.code": "SEED",
    "key": "E404",
    "name": "process.bpmn",
    "month": "2026-01",
    "vee_rule.code": "missing",
    "kind": "archive",
    "tab": "overview",
    "date": "2026-01-05",
    "run_id": "999999",
    "file_id": "999999",
    "token_id": "999999",
    "entry_id": "999999",
    "document_id": "999999",
    "contact_id": "999999",
    "employee_detail.number": "E404",
    "employee_roles.number": "E404",
    "employee_transfer.number": "E404",
    "employee_password.number": "E404",
    "employee_dismiss.number": "E404",
    "task_id": "999999",
    "process_id": "999999",
    "clock_id": "999999",
    "consultation_id": "999999",
    "attachment_id": "999999",
    "message_id": "999999",
    "finding_id": "999999",
    "group_detail.code": "E404",
    "group_bill.code": "E404",
    "group_load_export.code": "E404",
    "group_head.code": "E404",
    "group_bill_export.code": "E404",
    "group_bill_heading.code": "E404",
    "pk": "999999",
    "application_number": "E404",
    "change_number": "E404",
    "order_number": "E404",
    "mandate_code": "E404",
    "employee_number": "E404",
    "handover_number": "E404",
    "agreement_number": "E404",
    "unit_code": "E404",
    "case_number": "E404",
    "claim_number": "E404",
    "criterion_code": "economic-energy",
    "archive_rules_figure.figure_code": "join_bits",
    "archive_rules_item.item_code": "credit_code",
    "category": "economic",
    "figure_kind": "cost",
    "figure_code": "energy",
    "year": "999999",
    "item_id": "999999",
    "outage_number": "E404",
    "paper_number": "E404",
    "photo_id": "999999",
    "draft_id": "999999",
    "tariff.code": "TWO-PART",
    "tariff_draft_new.code": "TWO-PART",
    "grant_id": "999999",
    "role": "design",
    "digest": "E404",
    "figure": "flow",
    "alternative_id": "999999",
    "notice_number": "E404",
    "payment_id": "999999",
    "shadow_bill.month": "E404",
    "interaction_id": "999999",
    "plan_id": "999999",
    "due_id": "999999",
    "opportunity_id": "999999",
    "solution_id": "999999",
    "promise_id": "999999",
    "publication_id": "999999",
    "word": "E404",
    "complaint_number": "E404",
    "improvement_id": "999999",
    "survey_code": "E404",
    "invitation_id": "999999",
}
"""Values of places that mean the same for everybody; ids that nobody has."""


@dataclass(frozen=True)
class Address:
    """One address of the resolver with real values in its places."""

    name: str
    path: str

    @property
    def permission(self) -> Permission | None:
        """What whoever reads the page must be allowed."""
        if self.name in EDITING:
            return Permission.EDIT_CUSTOMERS
        if self.name in NEEDED:
            return NEEDED[self.name]
        return GUARDED.get(self.name.split("_")[0])

    def expected(self, granted: frozenset[Permission]) -> int:
        """The answer to a reader with these permissions, unless the address only takes posts."""
        if self.permission is not None and self.permission not in granted:
            return 403
        return 404 if "999999" in self.path or "E404" in self.path else 200


@pytest.fixture
def region(ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Region:
    """Two counties with a network, an import and two billed months each."""
    made = make_units()
    make_billed(made, tmp_path / "lake", monkeypatch)
    metering_operations.load_vee_rules(at=world.AT)
    for unit, code in ((made.county, "OWN"), (made.neighbor, "FOREIGN")):
        substation = Substation.objects.create(
            code=f"S{code}", name=f"变{code}", unit=unit, voltage_kv=110, capacity_kva=1
        )
        Feeder.objects.create(
            code=f"F{code}", name=f"线{code}", substation=substation, voltage_kv=10, capacity_kva=1
        )
    return made


def walk(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[tuple[str, str]]:
    """(name, route) of every console address; sign-in and the API have their own tests."""
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if route.startswith(("accounts/", "i18n/", "api/")):
            continue
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, route)
        else:
            yield pattern.name or "", route


def addresses(values: dict[str, str]) -> list[Address]:
    """Every console address with the values filled in."""
    found = []
    for name, route in walk(get_resolver().url_patterns):
        filled = re.sub(
            r"<(?:\w+:)?(\w+)>",
            lambda place, name=name: _value(values, name, place[1]),
            route,
        )
        found.append(Address(name, f"/{filled}{QUERIES.get(name, '')}"))
    return found


def _value(values: dict[str, str], name: str, place: str) -> str:
    """A value for a place, particular to the page where the same word means something else."""
    return values.get(f"{name}.{place}") or values[place]


def own_values() -> dict[str, str]:
    """What the first county's people may see."""
    return {
        **SHARED,
        "number": f"K{OWN}",
        "account_number": OWN,
        "substation_detail.code": "SOWN",
        "feeder_detail.code": "FOWN",
        "point_number": f"U{OWN}",
        "code": "C",
    }


def foreign_values() -> dict[str, str]:
    """The same addresses for what lies in the neighbor's branch."""
    return {
        **SHARED,
        "number": f"K{FOREIGN}",
        "account_number": FOREIGN,
        "substation_detail.code": "SFOREIGN",
        "feeder_detail.code": "FFOREIGN",
        "point_number": f"U{FOREIGN}",
        "code": "D",
    }


class TestAnonymous:
    def test_is_sent_to_sign_in_from_every_address(self, region: Region) -> None:
        client = Client()

        for address in addresses(own_values()):
            if address.name in OPEN:
                continue
            response = client.get(address.path)
            assert response.status_code == 302, address
            assert response["Location"].startswith("/accounts/login/"), address

    def test_changes_nothing_by_posting(self, region: Region) -> None:
        client, before = Client(), Entry.objects.count()

        for address in addresses(own_values()):
            if address.name in OPEN:
                continue
            response = client.post(address.path)
            assert response.status_code == 302, address
            assert response["Location"].startswith("/accounts/login/"), address
        assert Entry.objects.count() == before


@pytest.mark.parametrize("role", ROLES)
class TestEveryRole:
    def test_reads_what_it_may_and_nothing_of_another_branch(
        self, region: Region, role: Role
    ) -> None:
        client, granted = region.client(role), permissions_of([role])

        for address in addresses(own_values()):
            status = look(client, address)
            if address.name not in OPEN:
                assert status in {address.expected(granted), POST_ONLY}, (address, status)

    def test_finds_nothing_under_the_neighbor_s_addresses(self, region: Region, role: Role) -> None:
        client = region.client(role)
        own = {a.name: a.path for a in addresses(own_values())}

        for address in addresses(foreign_values()):
            if address.path != own[address.name]:
                assert look(client, address) in {403, 404, 405}, address


def look(client: Client, address: Address) -> int:
    """The answer's status; nothing of the neighbor's stands in it."""
    response = client.get(address.path)
    text = b"".join(response) if response.streaming else response.content
    # What was asked for comes back in the page's own address: no knowledge.
    text = text.replace(address.path.encode(), b"")
    for secret in SECRETS:
        assert secret.encode() not in text, (address, secret)
    return response.status_code


class TestReaders:
    def test_the_regulator_changes_nothing_by_posting_anywhere(self, region: Region) -> None:
        client = region.client(Role.REGULATOR)
        before = Entry.objects.count()

        for address in addresses(own_values()):
            if address.name in {"choose_language", "token_list"}:
                continue
            assert client.post(address.path).status_code != 500, address
        assert Entry.objects.count() == before

    def test_an_employee_without_a_place_sees_no_rows(self, region: Region) -> None:
        person = region.hire(Role.MANAGER)
        client = Client()
        client.force_login(person.user, backend="django.contrib.auth.backends.ModelBackend")
        person.delete()

        for address in addresses(own_values()):
            text = client.get(address.path).content
            assert f"客户{OWN}".encode() not in text, address


class TestImportsOfAnotherBranch:
    def test_do_not_exist(self, region: Region, tmp_path: Path, settings) -> None:
        from busbar.access import queries as access_queries

        settings.BUSBAR_HOME, settings.FILES_ROOT = tmp_path, tmp_path / "files"
        other = access_queries.get_viewer(region.hire(Role.METERING_ENGINEER, region.neighbor).user)
        run = imports_operations.receive_files(
            kind="network",
            files=[Incoming("站.csv", ["变电站编码,变电站名称\nS9,九站\n".encode()])],
            by=other,
            at=world.AT,
        )
        client, file = region.client(Role.METERING_ENGINEER), run.files.get()

        for address in (
            f"/imports/{run.pk}/",
            f"/imports/{run.pk}/mapping/",
            f"/imports/files/{file.pk}/fields/",
            f"/imports/files/{file.pk}/curve/",
            f"/imports/files/{file.pk}/errors/",
            f"/imports/files/{file.pk}/errors.csv",
            f"/imports/files/{file.pk}/errors.xlsx",
        ):
            assert client.get(address).status_code == 404, address
        for verb in ("again", "discard", "mapping"):
            assert client.post(f"/imports/{run.pk}/{verb}/").status_code == 404, verb
        assert client.get("/imports/").context["runs"] == []


class TestApi:
    def paths(self) -> list[str]:
        """Every readable path of the OpenAPI document."""
        from busbar.api.main import api

        schema = api.get_openapi_schema()
        return [path for path, verbs in schema["paths"].items() if "get" in verbs]

    def fill(self, path: str, number: str) -> str:
        values = {"number": number, "account_number": number, "month": "2026-01"}
        return re.sub(r"\{(\w+)\}", lambda place: values.get(place[1], f"K{number}"), path)

    def test_asks_for_sign_in_everywhere(self, region: Region) -> None:
        for path in self.paths():
            status = Client().get(self.fill(path, OWN)).status_code
            assert status in {401, 403}, path

    @pytest.mark.parametrize("role", ROLES)
    def test_never_answers_with_rows_of_another_branch(self, region: Region, role: Role) -> None:
        user = region.hire(role).user
        issued = access_operations.issue_api_token(
            user=user, name="t", valid_days=30, by=SYSTEM_VIEWER, at=world.AT
        )
        client = Client(headers={"Authorization": f"Bearer {issued.plain}"})

        for path in self.paths():
            for number in (OWN, FOREIGN, f"U{FOREIGN}", f"K{FOREIGN}"):
                text = client.get(self.fill(path, number)).content
                for secret in SECRETS:
                    assert secret.encode() not in text, (path, secret)
