"""Refusals of the operations are read in the language of the screen."""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import translation

from busbar.access.mandating import MandateLimits, OrderAsked, objections
from busbar.access.models import Role, User
from busbar.access.visibility import NotPermitted
from busbar.clocks.operations import UnableToExtendClock
from busbar.connections.operations import UnableToDraftNotice
from busbar.console.refusals import said
from busbar.key_accounts.operations.ground import UnableToOrder
from busbar.kit.errors import Listing, Phrase, Refusal
from busbar.metering.operations import UnableToInstallMeter
from busbar.payments.operations import UnableToPayRefund
from busbar.pricing.operations import UnableToDraftTariff
from busbar.service_desk.operations.complaints import UnableToHandleComplaint
from busbar.workflow.operations import UnableToCompleteTask
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

    def test_translates_every_reason_within(self) -> None:
        limits = MandateLimits(most_amount_yuan=Decimal(100), most_hours=Decimal(4))
        asked = OrderAsked(Decimal(250), Decimal(6), "none", is_own=True)
        refusal = UnableToOrder(
            "授权“%(mandate)s”%(against)s",
            mandate="复核",
            against=objections(limits, asked, grade_names={}),
        )

        with translation.override("en"):
            assert said(refusal) == (
                "mandate “复核”: it goes up to 100 yuan, this is 250 yuan; "
                "it goes up to 4 hours, these are 6 hours"
            )
        assert str(refusal) == (
            "授权“复核”金额限 100 元以内，本次 250 元；时长限 4 小时以内，本次 6 小时"
        )

    def test_lists_in_the_language_of_the_screen_and_leaves_names_of_data(self) -> None:
        papers = Listing(["营业执照", Refusal("%(name)s（待审）", name="权属证明")])
        refusal = Refusal("缺件或不合格：%(absent)s", absent=papers)

        with translation.override("en"):
            assert said(refusal) == ("missing or not in order: 营业执照, 权属证明 (to be checked)")
        assert str(refusal) == "缺件或不合格：营业执照、权属证明（待审）"

    @pytest.mark.parametrize(
        ("refusal", "english"),
        [
            (
                UnableToHandleComplaint("没有投诉 %(number)s，或不在您的可见范围内", number="TS-1"),
                "There is no complaint TS-1, or you may not see it",
            ),
            (
                UnableToCompleteTask("没有这个任务，或不在您的管辖范围之内"),
                "There is no such task, or it is not in your branch",
            ),
            (
                UnableToExtendClock("“%(limit)s”按小时计，不能延期", limit="抢修"),
                "“抢修” counts in hours and cannot be extended",
            ),
            (
                UnableToInstallMeter("表号应填写"),
                "The meter needs a number",
            ),
            (
                UnableToDraftNotice(
                    "“%(item)s”%(on)s 不在有效期内（自 %(span)s，%(document)s）",
                    item="高可靠性供电费",
                    on="2026-03-02",
                    span=Phrase("%(start)s 起、%(end)s 止", start="2012-01-01", end="2017-12-01"),
                    document="某发改价格 1 号",
                ),
                "“高可靠性供电费” is not valid on 2026-03-02 "
                "(from 2012-01-01 until 2017-12-01, 某发改价格 1 号)",
            ),
            (
                UnableToPayRefund(
                    "退款付到了 %(account)s，应原路退回 %(to)s",
                    account=Phrase("（空）"),
                    to="95588001",
                ),
                "The refund went to (empty) but must go back to 95588001, "
                "where the money came from",
            ),
            (NotPermitted("没有登记文书的权限"), "You may not enter papers"),
        ],
        ids=["complaint", "task", "clock", "meter", "fee", "refund", "not permitted"],
    )
    def test_has_the_english_of_every_room(self, refusal: Refusal, english: str) -> None:
        with translation.override("en"):
            assert said(refusal) == english

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
