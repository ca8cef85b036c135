"""A repeatable sample, what was answered, and figures that say how sure they are (R16, N11)."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction

from busbar.customers.models import Customer
from busbar.service_desk import operations, queries
from busbar.service_desk.models import Survey, SurveyAnswer, SurveyInvitation
from busbar.service_desk.operations import UnableToSurvey
from tests.payments.world import at
from tests.service_desk.world import MONDAY, Desk


@pytest.fixture
def region(desk: Desk) -> Desk:
    """Twenty more customers, two of them important."""
    for number in range(20):
        Customer.objects.create(
            number=f"X{number:02d}", name=f"甲{number}厂", unit=desk.customer.unit,
            kind="industry" if number % 2 else "commerce",
            importance="first" if number < 2 else "none",
        )  # fmt: skip
    return desk


def open_round(desk: Desk, code: str = "S1", **facts: object) -> Survey:
    usual: dict[str, object] = {
        "code": code, "name": "年度调查", "unit_code": "310101",
        "closes_on": dt.date(2026, 4, 1), "sample_size": 8, "seed": 7,
        "by": desk.manager, "at": at(MONDAY),
    }  # fmt: skip
    return operations.open_survey(**{**usual, **facts})  # type: ignore[arg-type]


def answer(desk: Desk, row: SurveyInvitation, *scores: int, recommend: int = 8) -> None:
    operations.record_answers(
        invitation_id=row.pk, person="王厂长",
        answers={**dict(enumerate(scores, 1)), 5: recommend},
        by=desk.manager, at=at("2026-03-12"),
    )  # fmt: skip


class TestDrawing:
    def test_asks_all_important_ones_and_draws_the_rest_repeatably(self, region: Desk) -> None:
        first = open_round(region)
        second = open_round(region, "S2")
        third = open_round(region, "S3", seed=8)

        drawn = [
            set(s.invitations.values_list("customer__number", flat=True))
            for s in (first, second, third)
        ]
        assert first.population == 22
        assert [len(numbers) for numbers in drawn] == [8, 8, 8]
        assert drawn[0] == drawn[1] != drawn[2]
        assert all({"X00", "X01"} <= numbers for numbers in drawn)

    @pytest.mark.parametrize(
        ("facts", "told"),
        [
            ({"closes_on": dt.date(2026, 3, 9)}, "今天以后"),
            ({"unit_code": "310102"}, "没有单位"),
            ({"sample_size": 0}, "样本数为零"),
        ],
    )
    def test_what_cannot_be_asked_is_refused(
        self, region: Desk, facts: dict[str, object], told: str
    ) -> None:
        with pytest.raises(UnableToSurvey, match=told), transaction.atomic():
            open_round(region, **facts)
        assert not Survey.objects.exists()


class TestAnswering:
    def test_gives_shares_means_and_intervals(self, region: Desk) -> None:
        survey = open_round(region)
        rows = list(survey.invitations.order_by("id"))
        answer(region, rows[0], 5, 5, 4, 4, recommend=10)
        answer(region, rows[1], 4, 2, 3, 4, recommend=5)
        operations.record_silence(
            invitation_id=rows[2].pk, state="unreached", remark="", by=region.manager,
            at=at("2026-03-12"),
        )  # fmt: skip

        found = queries.summarize_survey(region.manager, survey)

        assert (found.invited, found.answered, found.unreached) == (8, 2, 1)
        first = found.questions[0].satisfied
        assert first is not None
        assert (first.value, first.count) == (1.0, 2)
        assert round(first.low, 3) == 0.342
        assert found.weighted is not None
        assert round(found.weighted.value, 2) == 73.75
        assert found.promoters is not None
        assert found.promoters.value == 0.0
        assert not found.is_ranked

    @pytest.mark.parametrize(
        ("answers", "told"),
        [
            ({1: 6, 2: 5, 3: 5, 4: 5, 5: 9}, "第 1 题应为 1 至 5"),
            ({1: 5, 2: 5, 3: 5, 4: 5, 5: 11}, "第 5 题应为 0 至 10"),
            ({1: 5, 2: 5, 3: 5, 5: 9}, "没有评分"),
            ({1: 5, 2: 5, 3: 5, 4: 5, 5: 9, 7: 1}, "没有第 7 题"),
        ],
    )
    def test_what_is_not_asked_for_is_refused(
        self, region: Desk, answers: dict[int, int], told: str
    ) -> None:
        row = open_round(region).invitations.order_by("id")[0]
        with pytest.raises(UnableToSurvey, match=told), transaction.atomic():
            operations.record_answers(
                invitation_id=row.pk, person="王厂长", answers=answers, by=region.manager,
                at=at("2026-03-12"),
            )  # fmt: skip
        assert not SurveyAnswer.objects.exists()

    def test_twice_or_after_the_close_is_refused(self, region: Desk) -> None:
        survey = open_round(region)
        first, second = survey.invitations.order_by("id")[:2]
        answer(region, first, 5, 5, 5, 5)
        with pytest.raises(UnableToSurvey, match="已回收"), transaction.atomic():
            answer(region, first, 1, 1, 1, 1)

        operations.close_survey(code="S1", by=region.manager, at=at("2026-03-20"))

        with pytest.raises(UnableToSurvey, match="已截止"), transaction.atomic():
            answer(region, second, 5, 5, 5, 5)
        assert queries.summarize_survey(region.manager, survey).unreached == 7
        with pytest.raises(UnableToSurvey, match="已结束"), transaction.atomic():
            operations.close_survey(code="S1", by=region.manager, at=at("2026-03-21"))
