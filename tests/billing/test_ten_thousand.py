"""Ten thousand random bills, and as many single charges, agree with the naive implementation."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from busbar.billing import quote
from tests.billing.naive_bill import naive_total
from tests.billing.naive_charges import naive_answer
from tests.billing.random_bills import random_bill, random_charge

BATCHES = range(10)
"""Each by itself, so that several workers share them."""


class TestRandomBills:
    @pytest.mark.parametrize("batch", BATCHES)
    def test_a_thousand_come_to_the_same_fen_twice(self, batch: int) -> None:
        rng = Random(f"bills {batch}")  # noqa: S311 - test data

        for number in range(1000):
            document = random_bill(rng)
            answer = quote.quote(document)

            assert Fraction(answer["total_yuan"]) == naive_total(document), (number, document)


class TestRandomCharges:
    @pytest.mark.parametrize("batch", BATCHES)
    def test_a_thousand_come_to_the_same_fen_twice(self, batch: int) -> None:
        rng = Random(f"charges {batch}")  # noqa: S311 - test data

        for number in range(1000):
            document = random_charge(rng)
            answer = quote.quote(document)

            assert Fraction(answer["total_yuan"]) == naive_answer(document), (number, document)
