"""Where a figure of recognition comes from is said in English too."""

from __future__ import annotations

from decimal import Decimal

from django.utils import translation

from busbar.console.key_accounts.figure_sources import _SENTENCES, _pattern, say_source
from busbar.customers.models import Customer, Importance
from busbar.key_accounts.queries.facts import Gathered, MonthFacts, measure
from busbar.kit.periods import Month

MONTH = Month(2026, 10)


def measured(**given: object) -> set[str]:
    """The words that a customer's figures come with."""
    customer = Customer(pk=1, number="1", importance=Importance.NONE, **given.pop("file", {}))  # type: ignore[arg-type]
    found = Gathered(
        MONTH, [customer], **{"bills": {}, "capacity_kva": {}, "pipeline": {}, **given}
    )  # type: ignore[arg-type]
    return {figure.source for figure in measure(found, customer).values()}


class TestSaySource:
    def test_knows_every_sentence_that_measuring_writes(self) -> None:
        facts = MonthFacts(Decimal(10), Decimal(5), Decimal(1), 1)
        months = ["2025-09", "2025-10", *Gathered(MONTH, [], {}, {}, {}).months]
        whole = {f"{year}-{n:02d}": facts for year in (2025, 2026) for n in range(1, 11)}
        words = (
            measured()
            | measured(bills={1: dict.fromkeys(months, facts)}, pipeline={1: (500, 2)})
            | measured(bills={1: whole}, over_peers={1: Decimal(3)}, file={"industry_code": "2614"})
        )

        with translation.override("en"):
            said = {say_source(word) for word in words}

        used = {one for one in _SENTENCES if any(_pattern(one).fullmatch(word) for word in words)}
        assert used == set(_SENTENCES)
        assert [word for word in said if not word.isascii()] == []
        assert "Bills of 2025-11 to 2026-10, 12 months" in said
        assert "Industry code 2614 of the file" in said

    def test_leaves_chinese_and_unknown_words_as_they_are(self) -> None:
        with translation.override("zh-hans"):
            assert (
                say_source("2026-10 账单，各户号最大需量之和") == "2026-10 账单，各户号最大需量之和"
            )
        with translation.override("en"):
            assert say_source("另有来源") == "另有来源"
