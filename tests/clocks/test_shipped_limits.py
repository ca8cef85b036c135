"""The figures as the documents state them, each with its certainty."""

from __future__ import annotations

import pytest
from tests.clocks.conftest import AT

from busbar.clocks import operations as clocks_operations
from busbar.clocks import shipped
from busbar.clocks.models import EscalationRung, LimitRuleSet, PauseReason, TimeLimit

FIGURES = """
SEED scheme-reply-single 20 working_day A
SEED scheme-reply-dual 30 working_day A
SEED hand-over-to-marketing 5 working_day A
SEED scheme-validity-hv 1 year A
SEED scheme-validity-lv 3 month A
SEED scheme-extension-notice 10 calendar_day A
SEED design-review 20 working_day B
SEED countersign 2 working_day unverified
R1996 scheme-reply-resident 5 calendar_day B
R1996 scheme-reply-lv 10 calendar_day B
R1996 scheme-reply-single 1 month B
R1996 scheme-reply-dual 2 month B
R2005 scheme-reply-resident 5 working_day C
R2005 scheme-reply-lv 10 working_day C
R2005 scheme-reply-single 30 working_day C
R2005 scheme-reply-dual 60 working_day C
R2009 scheme-reply-resident 3 working_day B
R2009 scheme-reply-lv 8 working_day B
R2009 scheme-reply-single 20 working_day B
R2009 scheme-reply-dual 45 working_day B
SG2011 scheme-reply-resident 3 working_day C
SG2011 scheme-reply-lv 7 working_day C
SG2011 scheme-reply-single 15 working_day C
SG2011 scheme-reply-dual 30 working_day C
SG186 scheme-reply-single 15 working_day B
SG186 scheme-reply-dual 30 working_day B
R2024 scheme-reply-resident 3 working_day unverified
R2024 scheme-reply-lv 3 working_day unverified
R2024 scheme-reply-single 10 working_day unverified
R2024 scheme-reply-dual 20 working_day unverified
CSG scheme-reply-resident 2 working_day C
CSG scheme-reply-lv 5 working_day C
CSG scheme-reply-single 15 working_day C
CSG scheme-reply-dual 30 working_day C
R2009 design-review-lv 8 working_day B
R2009 design-review 20 working_day B
R2009 mid-inspection-lv 3 working_day B
R2009 mid-inspection 5 working_day B
R2009 completion-inspection-lv 5 working_day B
R2009 completion-inspection 7 working_day B
R2009 energizing-resident 3 working_day B
R2009 energizing-lv 5 working_day B
R2009 energizing 7 working_day B
SG186 design-review 10 working_day B
SG186 design-review-dual 20 working_day B
SG186 mid-inspection 5 working_day B
SG186 completion-inspection 5 working_day B
SG186 energizing 5 working_day B
COMPRESSED mid-inspection 2 working_day unverified
COMPRESSED completion-inspection 3 working_day unverified
COMPRESSED energizing 3 working_day unverified
SG2022 total-lv 6 working_day A
SG2022 total-single 22 working_day A
SG2022 total-dual 32 working_day A
SG2022 total-resident 5 working_day A
R2020 total-small 15 working_day C
R2025 total-lv-without-line 5 working_day C
R2025 total-lv-with-line 15 working_day C
R1996 scheme-validity-hv 1 year B
R1996 scheme-validity-lv 3 month B
R1996 scheme-extension-notice 10 calendar_day B
QUESTIONS scheme-extension-notice 7 working_day B
R1996 scheme-objection 1 month B
R2024 scheme-objection 10 working_day unverified
R1996 change-reduce-notice 5 calendar_day C
R2016 change-reduce-notice 5 working_day C
R1996 change-reduce-min 6 month C
R1996 change-reduce-max 2 year C
R2024 change-reduce-min 15 calendar_day C
R1996 change-suspend-notice 5 calendar_day B
R1996 change-suspend-min 15 calendar_day B
R1996 change-suspend-year 6 month B
R2016 change-suspend-notice 5 working_day C
R2016 change-suspend-min 15 calendar_day unverified
R1996 change-swap-10kv 2 month C
R1996 change-swap-35kv 3 month C
R1996 change-move-notice 5 calendar_day B
R1996 change-dismantle 5 calendar_day C
R1996 change-dismantle-max 6 month C
R2024 change-reinstall 5 working_day unverified
R1996 temporary-supply-max 6 month C
R2016 change-mode-notice 15 working_day C
R2016 change-demand-notice 5 working_day C
REG1996 outage-notice-planned 7 calendar_day A
REG1996 outage-notice-temporary 24 hour A
REG1996 arrears-before-stop 30 calendar_day A
R1996 restoration 3 calendar_day C
R2024 restoration 24 hour B
HENAN restoration 24 hour A
CSG arrears-restoration 12 hour C
SG2011 arrears-restoration 24 hour C
SG2022 complaint-contact 24 hour unverified
SG2022 complaint-answer 5 working_day unverified
SG2011 complaint-answer 7 working_day C
JIANGSU complaint-answer-inside 4 working_day A
JIANGSU report-answer-inside 9 working_day A
SG2022 repair-arrival-city 45 minute A
SG2022 repair-arrival-town 90 minute A
SG2022 repair-arrival-remote 120 minute A
SHANGHAI objection-stop 3 working_day A
SHANGHAI objection-bill 5 working_day A
"""


class TestFigures:
    """Read back from the database."""

    @pytest.mark.django_db
    def test_each_is_as_stated(self) -> None:
        clocks_operations.load_time_limits(at=AT)
        stored = {
            f"{r.rule_set.code} {r.code} {r.amount.normalize():f} {r.amount_unit} {r.certainty}"
            for r in TimeLimit.objects.select_related("rule_set")
        }
        wanted = set(FIGURES.strip().splitlines())
        assert wanted - stored == set()

    def test_what_is_from_memory_is_marked(self) -> None:
        memory = [row for row in shipped.limits() if "置信度" in row.note]
        assert {row.certainty for row in memory if "凭知识" not in row.note} == {"unverified"}

    def test_every_figure_names_its_document_and_place(self) -> None:
        assert [row.code for row in shipped.limits() if not (row.source and row.document)] == []

    def test_every_reason_and_parent_exists(self) -> None:
        codes = {row.code for row in shipped.limits()}
        reasons = set(shipped.pause_reasons())
        for row in shipped.limit_rows():
            assert set(row.get("pause_reasons", ())) <= reasons
            assert set(row.get("pauses_on", {}).values()) <= set(row.get("pause_reasons", ()))
            assert set(row.get("parent_codes", ())) <= codes

    @pytest.mark.django_db
    def test_loading_again_changes_nothing(self) -> None:
        first = clocks_operations.load_time_limits(at=AT)
        again = clocks_operations.load_time_limits(at=AT)
        assert first.updated == first.unchanged == 0
        assert (again.created, again.updated, again.unchanged) == (0, 0, first.created)
        counted = [m.objects.count() for m in (LimitRuleSet, PauseReason, TimeLimit)]
        assert sum(counted) == first.created
        assert EscalationRung.objects.exists()

    @pytest.mark.django_db
    def test_a_figure_changed_in_the_table_is_brought_back(self) -> None:
        clocks_operations.load_time_limits(at=AT)
        TimeLimit.objects.filter(code="countersign").update(amount=9)
        assert clocks_operations.load_time_limits(at=AT).updated == 1
        assert TimeLimit.objects.get(code="countersign").amount == 2
