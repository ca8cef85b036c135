"""Writings of one thing are folded into one: doors with a dash, telephones, hundreds."""

from __future__ import annotations

import pytest

from busbar.customers.consolidation.addresses import normalize_phones, split_address
from busbar.customers.consolidation.names import fold, split_name


class TestDoors:
    @pytest.mark.parametrize(
        "text", ["临江市工业大道12-1号", "临江市工业大道１２－１号", "临江市工业大道12号之1"]
    )
    def test_with_a_dash_are_one_door_in_every_writing(self, text: str) -> None:
        assert split_address(text).door == "工业大道12之1"

    def test_with_a_dash_are_not_the_door_without_it(self) -> None:
        assert split_address("工业大道12-1号").door != split_address("工业大道121号").door


class TestPhones:
    @pytest.mark.parametrize(
        ("text", "numbers"),
        [
            ("0512-65432101", ["65432101"]),
            ("0512-65432101-8", ["65432101"]),
            ("０５１２－６５４３２１０１", ["65432101"]),
            ("+86 512 6543 2101", ["65432101"]),
            ("021-6543210", ["6543210"]),
            ("0355 6543210 转 12", ["6543210"]),
            ("13800001111/0512-65432101", ["13800001111", "65432101"]),
            ("13800001111、13900002222", ["13800001111", "13900002222"]),
            ("1380000", ["1380000"]),
            ("无", []),
        ],
    )
    def test_are_one_number_in_every_writing(self, text: str, numbers: list[str]) -> None:
        assert normalize_phones([text]) == numbers


class TestHundreds:
    @pytest.mark.parametrize(
        ("text", "folded"),
        [
            ("第一百零一中学", "101中学"),
            ("第一百一十八中学", "118中学"),
            ("三百二十车间", "320车间"),
            ("一百二十三号泵站", "123号泵站"),
            ("第一百货商店", "1百货商店"),
            ("百亿超市", "百亿超市"),
        ],
    )
    def test_are_digits_where_they_count_something(self, text: str, folded: str) -> None:
        assert fold(text) == folded

    def test_make_two_writings_of_a_school_one(self) -> None:
        assert split_name("临江市第一百零一中学") == split_name("临江市第101中学")
