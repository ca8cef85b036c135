"""Two administrators at the same moment: one is let through, the other hears a sentence."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection

from busbar.access import operations as access_operations
from busbar.access import registers
from busbar.access.models import Employee, OrganizationUnit, Role, User
from busbar.access.operations import employees, units
from busbar.access.registers import Draft, Outcome, UnableToSaveRows
from busbar.access.visibility import SYSTEM_VIEWER
from busbar.customers.models import Customer, CustomerGroup
from busbar.kit.errors import Refusal
from tests.access.conftest import AT, Company, unit


def at_once(works: list[Callable[[], object]]) -> list[BaseException | None]:
    """Start all together in threads with connections of their own; what each came to."""

    def run(work: Callable[[], object]) -> BaseException | None:
        try:
            work()
        except Refusal as refusal:
            return refusal
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(len(works)) as pool:
        return [done.result() for done in [pool.submit(run, work) for work in works]]


def meet(monkeypatch: pytest.MonkeyPatch, module: object, check: str) -> None:
    """Let both pass the check before either writes; SQLite's writers queue and never meet."""
    original = getattr(module, check)
    door = threading.Barrier(2)

    def checked(*facts: object) -> None:
        original(*facts)
        if connection.vendor == "postgresql":
            door.wait(10)

    monkeypatch.setattr(module, check, checked)


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    """Threads with connections of their own."""

    @pytest.mark.parametrize("names", [("li", "li"), ("li", "LI")])
    def test_one_user_name_is_given_once(
        self, company: Company, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
    ) -> None:
        meet(monkeypatch, employees, "_check_free")

        def hire(username: str, number: str) -> object:
            return access_operations.hire_employee(
                username=username,
                number=number,
                name="李工",
                unit=company.east,
                roles=[Role.MANAGER],
                by=SYSTEM_VIEWER,
                at=AT,
            )

        ended = at_once([lambda: hire(names[0], "1"), lambda: hire(names[1], "2")])

        assert sum(one is None for one in ended) == 1
        (refusal,) = [one for one in ended if one is not None]
        assert isinstance(refusal, access_operations.UnableToHireEmployee)
        assert "已被使用" in str(refusal)
        assert User.objects.filter(username__iexact="li").count() == Employee.objects.count() == 1

    def test_one_code_is_given_once(
        self, company: Company, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        meet(monkeypatch, units, "_check_identity")

        ended = at_once(
            [
                lambda: unit("NEW", "county", company.east),
                lambda: unit("NEW", "county", company.west),
            ]
        )

        assert sum(one is None for one in ended) == 1
        assert OrganizationUnit.objects.filter(code="NEW").count() == 1


@pytest.mark.django_db
class TestSaveDrafts:
    def test_a_key_that_somebody_took_meanwhile_is_a_refusal(self) -> None:
        CustomerGroup.objects.create(code="G1", name="先来的集团")
        drafts = [Draft({"code": "G0", "name": "甲"}), Draft({"code": "G1", "name": "乙"})]

        with pytest.raises(UnableToSaveRows, match="请再试一次"):
            registers.save_drafts(CustomerGroup, drafts, Outcome())

        assert list(CustomerGroup.objects.values_list("name", flat=True)) == ["先来的集团"]

    def test_a_row_that_is_wrong_itself_stays_an_error(self) -> None:
        with pytest.raises(IntegrityError):
            registers.save_drafts(Customer, [Draft({"number": "C", "name": "甲"})], Outcome())
