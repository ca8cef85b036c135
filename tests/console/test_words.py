"""Words of the screens: units, choices among rules, quantities in the journal, terms."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
from django.test import Client
from django.utils import translation

from busbar.access.models import Role
from busbar.console.rule_words import UNITS, list_records, name_unit, name_value
from busbar.console.templatetags.work import grouped, recorded, says_unit, term
from tests.console.work_region import make_units


@dataclass
class Dated:
    valid_from: dt.date
    valid_until: dt.date | None


class TestNameUnit:
    def test_leaves_no_chinese_unit_on_an_english_screen(self) -> None:
        with translation.override("en"):
            names = [name_unit(unit) for unit in UNITS]

        assert [n for n in names if any("\u4e00" <= letter <= "\u9fff" for letter in n)] == []
        assert len(set(names)) == len(names)

    def test_keeps_a_unit_that_is_the_same_everywhere(self) -> None:
        assert name_unit("kWh/kVA") == "kWh/kVA"


class TestNameValue:
    def test_says_choices_in_words(self) -> None:
        with translation.override("zh-hans"):
            assert name_value(["capacity", "contract_demand"]) == "按变压器容量、按合同最大需量"

    def test_leaves_figures_as_the_rule_writes_them(self) -> None:
        assert name_value("0.50") == "0.50"


class TestListRecords:
    def test_finds_the_rows_of_a_small_table_only(self) -> None:
        assert list_records([{"standard": "0.90"}]) == [{"standard": "0.90"}]
        assert list_records(["a"]) == []
        assert list_records("0.90") == []


class TestSaysUnit:
    def test_a_choice_or_a_code_needs_no_unit(self) -> None:
        assert [says_unit(v) for v in ("30", ["1", "12"], "calendar_month", "LC-2P-10")] == [
            True,
            True,
            False,
            False,
        ]


class TestMeasured:
    def test_writes_quantities_with_grouped_digits_and_unit(self) -> None:
        with translation.override("zh-hans"):
            assert recorded("1004361.92", "billing.bill.issued", "amount") == "1,004,361.92 元"

    def test_leaves_other_fields_as_they_are(self) -> None:
        assert recorded("1004361", "billing.bill.issued", "number") == "1004361"


class TestGrouped:
    def test_keeps_the_places_of_a_stored_figure(self) -> None:
        assert grouped("288991.90") == "288,991.90"


class TestTerm:
    def test_says_since_when_and_before_when(self) -> None:
        start, end = dt.date(2023, 6, 1), dt.date(2024, 6, 1)
        with translation.override("zh-hans"):
            assert term(Dated(start, end)) == "2023-06-01 至 2024-06-01 前"
            assert term(Dated(start, None)) == "2023-06-01 起，现行"


@pytest.mark.django_db
class TestPowerFactorStandards:
    def test_are_shown_as_rows_and_never_as_raw_records(self, ground: None) -> None:
        client: Client = make_units().client(Role.MANAGER)

        text = client.get("/pricing/rule-sets/PF1983/").content.decode()

        assert "高压供电工业用户（160kVA 以上）" in text
        assert "{&#x27;" not in text
        assert "high_voltage" not in text
