"""Refusals of the operations are read in the language of the screen."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from django.utils import translation

from busbar.access.models import Role, User
from busbar.console.refusals import said
from busbar.kit.errors import Refusal
from busbar.pricing.operations import UnableToDraftTariff
from tests.console.test_tariffs import FORM
from tests.console.work_region import Region, make_billed, make_units


class TestSaid:
    def test_speaks_the_language_of_the_screen(self) -> None:
        refusal = UnableToDraftTariff("没有分时方案 %(code)s", code="夜")

        with translation.override("zh-hans"):
            assert str(refusal) == said(refusal) == "没有分时方案 夜"
        with translation.override("en"):
            assert said(refusal) == "There is no time-of-use scheme 夜"
            assert str(refusal) == "没有分时方案 夜"

    def test_translates_the_refusal_within(self) -> None:
        within = UnableToDraftTariff("没有分时方案 %(code)s", code="A")

        with translation.override("en"):
            assert said(Refusal("不能预测：%(reason)s", reason=within)) == (
                "No forecast can be made: There is no time-of-use scheme A"
            )

    @pytest.mark.parametrize("sentence", ["", "没人译过 100%", "100% %(x)s"])
    def test_stays_as_it_is_where_nobody_translated_it(self, sentence: str) -> None:
        with translation.override("en"):
            assert said(Refusal(sentence)) == sentence

    def test_survives_being_copied_as_a_queue_does(self) -> None:
        refusal = UnableToDraftTariff("没有时段 %(value)s", value="100%")

        again = copy.copy(refusal)

        assert (str(again), again.sentence, again.values) == (
            "没有时段 100%",
            "没有时段 %(value)s",
            {"value": "100%"},
        )


@pytest.mark.django_db
class TestEnglishScreen:
    def test_shows_why_not_in_english(
        self, ground: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        region: Region = make_units()
        make_billed(region, tmp_path / "lake", monkeypatch)
        clerk = region.client(Role.BILLING_CLERK)
        User.objects.update(language="en")
        page = "/pricing/tariffs/TWO-PART/draft/?base=2020-01-01"
        clerk.post(page, FORM)

        text = clerk.post(page, FORM).content.decode()

        assert "Tariff TWO-PART already has a draft from 2026-02-01" in text
