"""Processes of a field survey, made through the operations, for tests and for the browser.

Run as a file it fills the database that the environment names:
`python tests/console/workflow/site_visits.py LC0101 3`: people of that county and processes.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

PROCESSES = Path(__file__).parent / "processes"
KEY = "site_visit"
PASSWORD = "Busbar-Demo-2026"
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f"
    b"\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d"
    b"\x00\x00\x00\x00IEND\xaeB`\x82"
)
SURVEYED = {
    "place": "东区一号门",
    "capacity_kva": "800",
    "visited_on": "2026-03-02",
    "supply_kind": "single",
    "is_ready": "true",
}


def load(at: dt.datetime) -> None:
    """Publish the survey process, and no other."""
    from busbar.workflow import operations, registry

    kept = list(registry._folders)
    registry._folders[:] = [PROCESSES]
    try:
        operations.load_shipped_processes(at=at)
    finally:
        registry._folders[:] = kept


def start(unit_id: int, number: int, at: dt.datetime):
    """A running survey about a matter of the unit."""
    from busbar.clocks.subjects import Subject
    from busbar.journal.operations import SYSTEM
    from busbar.workflow import operations

    subject = Subject(type="test.visit", id=number, label=f"勘察事项 {number:03d}", unit_id=unit_id)
    return operations.start_process(key=KEY, subject=subject, facts={}, actor=SYSTEM, at=at)


def hire(unit, username: str, name: str, *roles: str):
    """A person with the demonstration's password."""
    from busbar.access import operations as access_operations
    from busbar.access.visibility import SYSTEM_VIEWER

    return access_operations.hire_employee(
        username=username,
        number=username.upper(),
        name=name,
        unit=unit,
        roles=list(roles),
        password=PASSWORD,
        by=SYSTEM_VIEWER,
        at=dt.datetime(2026, 1, 5, 1, tzinfo=dt.UTC),
    ).employee


def main(county: str, count: int) -> None:
    """Three people of the county, and so many processes begun within the last days."""
    import django

    django.setup()
    from busbar.access.models import OrganizationUnit, User

    now = dt.datetime.now(dt.UTC)
    load(now - dt.timedelta(days=60))
    unit = OrganizationUnit.objects.get(code=county)
    for username, name, role in (
        ("surveyor1", "李勘", "connection_officer"),
        ("surveyor2", "王察", "connection_officer"),
        ("reviewer", "赵审", "manager"),
        ("teller", "孙客", "service_agent"),
    ):
        hire(unit, username, name, role)
    User.objects.filter(username__in=["surveyor1", "surveyor2", "reviewer", "teller"]).update(
        must_change_password=False
    )
    for number in range(1, count + 1):
        process = start(unit.pk, number, now - dt.timedelta(days=2 * (number - 1), hours=1))
        sys.stdout.write(f"{process.pk}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
