"""Kept worlds: the second test gets the rows, files and objects of the first, as its own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from django.db import transaction

from busbar.access.models import OrganizationUnit, Role
from busbar.customers.models import Customer
from busbar.journal import queries as journal_queries
from busbar.journal.models import Entry
from tests import worlds
from tests.imports.world import AT, make_units, make_viewer
from tests.worlds import keep

pytestmark = pytest.mark.django_db

Made = tuple[OrganizationUnit, Customer]
_built: list[str] = []


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """No world of the tests before; nothing counted."""
    monkeypatch.setattr(worlds, "_worlds", {})
    monkeypatch.setattr(worlds, "_missed", Counter())
    _built.clear()


def build(name: str, folder: Path) -> Made:
    """A county's customer with an employee in the journal, and a file."""
    _built.append(name)
    county = make_units()["310101"]
    make_viewer(county, Role.MANAGER)
    OrganizationUnit.objects.filter(code="31").update(name="改名")
    (folder / "paper.txt").write_text(name, "utf-8")
    return county, Customer.objects.create(number="K1", name=name, kind="industry", unit=county)


def make_stranger(number: int) -> None:
    """Somebody elsewhere, there before the world."""
    unit = OrganizationUnit.objects.create(code="Z", name="别处", path="099")
    make_viewer(unit, Role.MANAGER, number=f"X{number}")


def in_a_test(name: str, folder: Path) -> tuple[Made, list[object]]:
    """What a test gets, and what it finds in the database; rolled back like a test."""
    folder.mkdir()
    with transaction.atomic():
        made = keep(build, name, folder, folder=folder)
        found = [
            list(OrganizationUnit.objects.order_by("pk").values()),
            list(Customer.objects.values()),
            list(Entry.objects.order_by("pk").values()),
            journal_queries.verify_chain().broken,
            (folder / "paper.txt").read_text("utf-8"),
        ]
        transaction.set_rollback(True)
    return made, found


class TestKeep:
    def test_builds_once_and_gives_the_same_rows_files_and_objects(self, tmp_path: Path) -> None:
        first, rows = in_a_test("甲", tmp_path / "first")
        second, again = in_a_test("甲", tmp_path / "second")

        assert _built == ["甲"]
        assert again == rows
        assert second == first
        assert rows[0][0]["name"] == "改名"  # type: ignore[index]
        assert not Customer.objects.exists()

    def test_gives_each_test_its_own(self, tmp_path: Path) -> None:
        (county, _), _ = in_a_test("甲", tmp_path / "first")
        county.name = "别名"
        (tmp_path / "first" / "paper.txt").write_text("写过", "utf-8")

        (other, _), rows = in_a_test("甲", tmp_path / "second")

        assert other.name == "临江县供电公司"
        assert rows[-1] == "甲"

    def test_builds_another_for_another_word(self, tmp_path: Path) -> None:
        in_a_test("甲", tmp_path / "first")
        (_, customer), _ = in_a_test("乙", tmp_path / "second")

        assert _built == ["甲", "乙"]
        assert customer.name == "乙"

    def test_builds_anew_on_another_ground(self, tmp_path: Path) -> None:
        in_a_test("甲", tmp_path / "first")
        with transaction.atomic():
            make_stranger(1)
            in_a_test("甲", tmp_path / "second")
            transaction.set_rollback(True)

        assert _built == ["甲", "甲"]

    def test_lets_build_what_never_finds_its_ground(self, tmp_path: Path) -> None:
        for number in range(5):
            with transaction.atomic():
                make_stranger(number)
                in_a_test("甲", tmp_path / str(number))
                transaction.set_rollback(True)

        assert len(_built) == 5
        kept_ones = [key for key in worlds._worlds if key[1] == "build"]
        assert len(kept_ones) == worlds._ENOUGH

    def test_refuses_no_operation_afterwards(self, tmp_path: Path) -> None:
        in_a_test("甲", tmp_path / "first")
        (tmp_path / "second").mkdir()
        county, _ = keep(build, "甲", tmp_path / "second", folder=tmp_path / "second")

        make_viewer(county, Role.MANAGER, number="E2")

        assert journal_queries.verify_chain().broken is None
        assert Entry.objects.latest("pk").occurred_at == AT
