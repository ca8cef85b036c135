"""The accounts of the old system: who comes in so, how they are written, what no file tells."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from busbar.customers.consolidation.names import split_name
from busbar.customers.consolidation.truth import read_truth
from busbar.demo import consolidating, old_archive, steel
from busbar.demo.parameters import Parameters
from busbar.demo.records import archive_rows, old_rows
from busbar.demo.region import build_region
from busbar.demo.registers import write_registers
from busbar.demo.values import Region
from busbar.kit.identifiers import is_credit_code


def draws(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


class TestEntries:
    def test_are_of_some_bodies_wholly_and_of_others_in_part(self, default_region: Region) -> None:
        numbered = {customer.number for customer in default_region.numbered_customers}
        bodies = {entry.customer for entry in default_region.old_entries}

        assert len(default_region.customers) == 300
        assert len(numbered) == 300 - 36
        assert len(bodies & numbered) == 12
        assert 60 <= len(default_region.old_entries) <= 110

    def test_leave_groups_grades_and_the_steel_plant_alone(self, default_region: Region) -> None:
        by_number = {customer.number: customer for customer in default_region.customers}
        for entry in default_region.old_entries:
            customer = by_number[entry.customer]
            assert (customer.group, customer.importance) == ("", "none")
            assert customer.name != steel.NAME

    def test_are_the_same_for_the_same_seed_and_differ_by_it(self, small_region: Region) -> None:
        again = build_region(Parameters(customers=12, months=2))
        other = build_region(Parameters(customers=12, months=2, seed=7))

        assert again.old_entries == small_region.old_entries
        assert other.old_entries != small_region.old_entries
        assert len({entry.customer for entry in small_region.old_entries}) >= 2

    def test_are_none_in_a_region_of_one_customer(self) -> None:
        assert build_region(Parameters(customers=1, months=1)).old_entries == ()

    def test_are_none_in_a_region_made_to_measure_load(self, default_region: Region) -> None:
        customers = list(default_region.customers) * 4
        assert old_archive.write_entries(Parameters(), customers) == ()

    def test_are_written_in_many_ways(self, default_region: Region) -> None:
        names = {a.number: a.name for c in default_region.customers for a in c.accounts}
        entries = default_region.old_entries
        changed = [entry for entry in entries if entry.name != names[entry.account]]

        assert len(changed) > len(entries) / 2
        assert any(not entry.address for entry in entries)
        assert any(not entry.phone for entry in entries)
        stated = [entry for entry in entries if entry.credit_code]
        assert 0 < len(stated) < len(entries) / 3
        assert all(is_credit_code(entry.credit_code) for entry in stated)

    def test_keep_the_brand_in_most_names(self, default_region: Region) -> None:
        by_number = {customer.number: customer.name for customer in default_region.customers}
        kept = [
            split_name(by_number[entry.customer]).core[:2] in split_name(entry.name).full
            for entry in default_region.old_entries
        ]
        assert sum(kept) > 0.7 * len(kept)


class TestWriting:
    @pytest.mark.parametrize("seed", range(200))
    def test_leaves_something_to_compare(self, seed: int) -> None:
        name = old_archive.write_name(draws(seed), "岚州鼎康特钢股份有限公司(办公)", 0)

        assert 4 <= len(name) <= 40
        assert name.strip() == name

    def test_turns_two_digits_of_a_telephone_at_most(self) -> None:
        phone = "000-80001234"
        for seed in range(300):
            written = old_archive.write_phone(draws(seed), phone)
            digits = written.replace("-", "")
            assert digits in {"", "00080001234", "80001234", "00080001324"}

    def test_writes_an_address_with_or_without_its_number(self) -> None:
        written = {
            old_archive.write_address(draws(seed), "岚州市青屏县创业路12号") for seed in range(300)
        }

        assert "" in written
        assert "青屏县创业路12号" in written
        assert "岚川省岚州市青屏县创业路12号" in written
        assert "岚州市青屏县创业路" in written
        assert "岚州市青屏县创业路21号" in written
        assert any("１２号" in one for one in written)


class TestFiles:
    def test_name_no_customer(self, default_region: Region) -> None:
        rows = old_rows(default_region)
        numbers = {customer.number for customer in default_region.customers}

        assert all("customer" not in row for row in rows["accounts"])
        told = {str(value) for table in rows.values() for row in table for value in row.values()}
        assert not told & numbers

    def test_hold_every_account_once(self, default_region: Region) -> None:
        kept = [
            row["account"]
            for row in archive_rows(default_region, on=dt.date(2026, 11, 1))["accounts"]
        ]
        old = [row["account"] for row in old_rows(default_region)["accounts"]]
        everything = [a.number for c in default_region.customers for a in c.accounts]

        assert sorted(str(number) for number in [*kept, *old]) == sorted(everything)

    def test_are_of_their_own(self, tmp_path: Path, small_region: Region) -> None:
        files = write_registers(Parameters(customers=12, months=2), small_region, tmp_path)

        assert {"旧系统户号.csv", "户号.csv"} <= {path.name for path in files.archive}
        with (tmp_path / "旧系统户号.csv").open(encoding="gb18030", newline="") as file:
            rows = list(csv.DictReader(file))
        assert {row["客户编号"] for row in rows} == {""}
        assert all("县公司旧系统" in row["来源"] for row in rows)


class TestTruth:
    def test_names_each_old_account_and_one_of_every_other_customer(
        self, tmp_path: Path, default_region: Region
    ) -> None:
        path = tmp_path / "truth.csv"
        consolidating.write_truth(default_region, path)

        truth = read_truth(path)

        old = {entry.account: entry.customer for entry in default_region.old_entries}
        assert old.items() <= truth.items()
        assert len(truth) == len(old) + len(default_region.numbered_customers)
