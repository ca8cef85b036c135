"""Account teams by import: who becomes A角 holds the certificate, as in one assignment (R74)."""

from __future__ import annotations

import pytest

from busbar.access.models import OrganizationUnit, Role
from busbar.customers.models import AccountTeamMember
from busbar.imports.models import ImportState
from busbar.key_accounts.models import ManagerQualification
from busbar.key_accounts.operations import load_managers_seed
from tests.imports.world import AT, CUSTOMERS, counts, csv_bytes, errors, make_viewer, run_files

TEAM = ["客户编号", "工号", "团队角色"]
CERTIFICATES = ["工号", "资格种类", "证书编号", "发证单位", "发证日"]
SENIOR = ["E1", "高级大客户经理", "GJ-1", "省公司培训中心", "2025-06-01"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def managers(units: dict[str, OrganizationUnit]) -> None:
    """Two managers of the county and two customers: C1 of the first grade, C2 of the second."""
    load_managers_seed(at=AT)
    for number in ("E1", "E2"):
        make_viewer(units["310101"], Role.ACCOUNT_MANAGER, number=number)
    run_files("archive", {"客户.csv": csv_bytes(*CUSTOMERS)})


def team() -> list[tuple[str, str, str]]:
    """Who is what on whose team."""
    rows = AccountTeamMember.objects.order_by("customer__number", "employee__number")
    return list(rows.values_list("customer__number", "employee__number", "role"))


class TestTeam:
    def test_comes_in_with_its_certificates_in_one_archive_in_any_order(
        self, managers: None
    ) -> None:
        files = {
            "团队.csv": csv_bytes(TEAM, [["C1", "E1", "A角"], ["C1", "E2", "B角"]]),
            "证书.csv": csv_bytes(CERTIFICATES, [SENIOR]),
        }

        run = run_files("archive", files)

        assert counts(run) == {"team": (2, 0, 0, 0), "certificates": (1, 0, 0, 0)}
        assert team() == [("C1", "E1", "lead"), ("C1", "E2", "deputy")]
        assert ManagerQualification.objects.get().kind == "senior"

    def test_names_file_row_and_column_of_a_lead_without_the_certificate(
        self, managers: None
    ) -> None:
        files = {
            "证书.csv": csv_bytes(CERTIFICATES, [SENIOR]),
            "团队.csv": csv_bytes(
                TEAM, [["C1", "E2", "A角"], ["C1", "E1", "B角"], ["C2", "E1", "A角"]]
            ),
        }

        run = run_files("archive", files)

        assert run.state == ImportState.FINISHED
        assert errors(run) == [
            (
                2,
                "工号",
                "E2",
                "员工E2没有担任A角所需的有效资格：东海钢铁有限公司（一级重要，须高级大客户经理）",
            )
        ]
        assert counts(run)["team"] == (2, 0, 0, 1)
        assert team() == [("C1", "E1", "deputy"), ("C2", "E1", "lead")]

    def test_an_expired_certificate_is_none(self, managers: None) -> None:
        old = [*SENIOR[:4], "2024-03-02"]  # for 24 months, up to the day before the import

        run = run_files(
            "archive",
            {
                "证书.csv": csv_bytes(CERTIFICATES, [old]),
                "团队.csv": csv_bytes(TEAM, [["C1", "E1", "A角"]]),
            },
        )

        assert counts(run)["team"] == (0, 0, 0, 1)
        assert team() == []
