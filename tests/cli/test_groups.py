"""`busbar groups`: the tree, and who leads a group."""

from __future__ import annotations

import pytest
from tests.imports.world import make_units

from busbar.cli.main import main
from busbar.customers.models import Customer, CustomerGroup

pytestmark = pytest.mark.django_db


@pytest.fixture
def group() -> CustomerGroup:
    """A group of two, and a stranger."""
    unit = make_units()["310101"]
    made = CustomerGroup.objects.create(code="G1", name="东海集团")
    for number, group in (("C1", made), ("C2", made), ("C9", None)):
        Customer.objects.create(
            number=number, name=f"客户{number}", kind="other", unit=unit, group=group
        )
    return made


class TestHead:
    def test_is_named_listed_and_taken_back(
        self, group: CustomerGroup, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["groups", "head", "G1", "C2", "--reason", "授权书"]) == 0
        assert main(["groups", "list"]) == 0
        assert main(["groups", "head", "G1", "--nobody", "--reason", "撤销"]) == 0
        assert main(["groups", "list"]) == 0

        assert capsys.readouterr().out.splitlines() == [
            "G1 东海集团：由 C2 客户C2 牵头",
            "G1  东海集团  2 个客户  0 个户号  牵头 C2 客户C2",
            "G1 东海集团：不再有牵头客户",
            "G1  东海集团  2 个客户  0 个户号  未指定牵头",
        ]

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["G9", "C1"], "没有集团 G9"),
            (["G1", "C8"], "没有客户 C8"),
            (["G1", "C9"], "客户C9 不是该集团的成员"),
        ],
    )
    def test_is_refused_with_a_sentence(
        self,
        group: CustomerGroup,
        capsys: pytest.CaptureFixture[str],
        words: list[str],
        told: str,
    ) -> None:
        assert main(["groups", "head", *words, "--reason", "授权书"]) == 1

        assert capsys.readouterr().err == f"busbar: {told}\n"
        group.refresh_from_db()
        assert group.head is None
