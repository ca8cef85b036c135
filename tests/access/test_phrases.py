"""What the program says is kept by its sentence and read as it was said."""

from __future__ import annotations

import pytest
from django.core import serializers
from django.db import IntegrityError, transaction

from busbar.billing.models import BillRefusal, BillRun
from busbar.billing.rating import UnableToRate
from busbar.kit.errors import Listing, Phrase, Reasons, Refusal
from busbar.kit.phrases import as_typed, keep, nothing, recall
from tests.billing import world

pytestmark = pytest.mark.django_db
LONG = UnableToRate(
    "%(month)s 缺 %(percent)s%%：%(what)s（%(why)s）",
    month="2026-01",
    percent=35,
    what=Listing(["曲线", Phrase("读数")]),
    why=Reasons([Refusal("限 %(most)s 元", most=5), Refusal("只限本人的客户")]),
)


def refused(reason: Phrase) -> BillRefusal:
    run = BillRun.objects.create(month="2026-01", state="finished", started_at=world.AT)
    account = world.make_account(world.make_county(), "1001").account
    return BillRefusal.objects.create(run=run, account=account, reason=reason)


class TestPhrase:
    def test_is_the_same_after_it_was_kept(self) -> None:
        assert keep(recall(keep(LONG))) == keep(LONG)
        assert str(recall(keep(LONG))) == str(LONG)
        assert str(LONG) == "2026-01 缺 35%：曲线、读数（限 5 元；只限本人的客户）"

    def test_that_somebody_typed_may_have_any_signs(self) -> None:
        assert str(recall(keep(as_typed("100% %(x)s {}")))) == "100% %(x)s {}"

    def test_of_nothing_is_false(self) -> None:
        assert not nothing()
        assert LONG

    def test_equals_what_says_the_same(self) -> None:
        assert Phrase("限 %(most)s 元", most=5) == Phrase("限 %(most)s 元", most=5)
        assert Phrase("限 %(most)s 元", most=5) != Phrase("限 %(most)s 元", most=6)
        assert Phrase("限") != "限"


class TestField:
    def test_gives_back_what_was_kept(self) -> None:
        row = refused(LONG)

        kept = BillRefusal.objects.get(pk=row.pk).reason

        assert (kept.sentence, str(kept)) == (LONG.sentence, str(LONG))

    def test_survives_a_dump_of_the_data(self) -> None:
        row = refused(LONG)
        dump = serializers.serialize("json", [row])
        BillRefusal.objects.all().delete()

        for again in serializers.deserialize("json", dump):
            again.save()

        assert str(BillRefusal.objects.get().reason) == str(LONG)

    def test_may_not_say_nothing_where_a_reason_is_due(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            refused(nothing())

        assert not BillRefusal.objects.exists()
