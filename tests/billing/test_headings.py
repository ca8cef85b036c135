"""A customer's own headings in the group bill."""

from __future__ import annotations

import pytest

from busbar.access.permissions import Permission
from busbar.access.visibility import NotPermitted, Viewer
from busbar.billing.models import BillHeading
from busbar.billing.operations import UnableToNameHeading, name_heading
from busbar.journal.models import Entry
from tests.billing import world

pytestmark = pytest.mark.django_db
MANAGER = Viewer(5, 5, "客户经理", "000000", frozenset({Permission.EDIT_CUSTOMERS}))


@pytest.fixture(autouse=True)
def accounts(ground: None) -> None:
    """Two accounts in one county."""
    county = world.make_county()
    world.make_account(county, "1001")
    world.make_account(county, "1002")


def name(*numbers: str, to: str, by: Viewer = MANAGER) -> int:
    return name_heading(account_numbers=numbers, name=to, by=by, at=world.AT)


def headings() -> dict[str, str]:
    return dict(BillHeading.objects.values_list("account__number", "name"))


class TestNameHeading:
    def test_puts_accounts_under_a_name_and_under_another(self) -> None:
        assert name("1001", "1002", to=" 炼钢 ") == 2
        name("1002", to="轧钢")

        assert headings() == {"1001": "炼钢", "1002": "轧钢"}
        assert Entry.objects.filter(event="billing.heading.named").count() == 3

    def test_takes_an_account_out_with_an_empty_name(self) -> None:
        name("1001", "1002", to="炼钢")
        name("1001", to="")

        assert headings() == {"1002": "炼钢"}

    @pytest.mark.parametrize(
        ("numbers", "to"), [((), "炼钢"), (("1001", "9999"), "炼钢"), (("1001",), "名" * 61)]
    )
    def test_refuses_what_it_cannot_do_whole(self, numbers: tuple[str, ...], to: str) -> None:
        with pytest.raises(UnableToNameHeading):
            name(*numbers, to=to)

        assert headings() == {}
        assert not Entry.objects.filter(event="billing.heading.named").exists()

    def test_refuses_accounts_of_another_branch(self) -> None:
        stranger = Viewer(6, 6, "邻县客户经理", "000009", MANAGER.permissions)

        with pytest.raises(UnableToNameHeading):
            name("1001", to="炼钢", by=stranger)

        assert headings() == {}

    def test_refuses_whoever_may_not_edit_customers(self) -> None:
        with pytest.raises(NotPermitted):
            name("1001", to="炼钢", by=Viewer(6, 6, "调度", "000000", frozenset()))

        assert headings() == {}
