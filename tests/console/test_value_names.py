"""What the journal keeps as codes, people read as words."""

from __future__ import annotations

import pytest
from django.utils import translation

from busbar.console.field_names import FIELDS, LISTS, REFERENCES
from busbar.console.templatetags.work import entry_summary
from busbar.console.value_names import name_recorded
from busbar.journal.models import Entry


class TestNameRecorded:
    @pytest.mark.parametrize(
        ("event", "field", "code", "words"),
        [
            ("connections.change.requested", "kind", "closure", "销户"),
            ("connections.metering_order.ordered", "kind", "replace", "换表"),
            ("connections.scheme.approved", "state", "approved", "已批准"),
            ("connections.contractor.chosen", "role", "construction", "施工单位"),
            ("workflow.task.opened", "role", "manager", "管理人员"),
            ("workflow.task.completed", "outcome", "agreed", "同意"),
            ("workflow.message.received", "message", "fees_received", "费用到账"),
            ("notifications.message.sent", "kind", "clocks.clock.warned", "时限预警"),
            ("clocks.clock.escalated", "audience", "company_above", "上一级公司"),
            ("clocks.clock.paused", "pause_reason", "customer-documents", "等待客户补正资料"),
            ("clocks.rule_set.adopted", "rule_set", "SEED", "种子制度"),
            ("clocks.clock.escalated", "subject_type", "workflow.task", "任务"),
        ],
    )
    def test_says_a_code_by_its_label(self, event: str, field: str, code: str, words: str) -> None:
        with translation.override("zh-hans"):
            assert name_recorded(event, field, code) == words

    def test_says_a_moment_in_chinese_time(self) -> None:
        said = name_recorded("clocks.clock.escalated", "due_at", "2026-11-11T15:59:59Z")

        assert said == "2026-11-11 23:59"

    @pytest.mark.parametrize("text", ["晟文公司", "2026-11-11", "2026-13-99T99:99", "unheard_of"])
    def test_leaves_what_it_does_not_know(self, text: str) -> None:
        assert name_recorded("connections.change.requested", "kind", text) == text


class TestEntrySummary:
    def test_leaves_out_what_only_a_program_reads(self) -> None:
        entry = Entry(
            event="clocks.clock.started",
            changes={
                "code": "countersign",
                "subject_type": "workflow.task",
                "subject_id": 7,
                "due_at": "2026-11-11T15:59:59Z",
                "remark": "",
            },
        )

        with translation.override("zh-hans"):
            assert entry_summary(entry) == "到期时间 2026-11-11 23:59"

    def test_does_not_take_two_things_for_a_change(self) -> None:
        entry = Entry(
            event="connections.application.correction_requested",
            changes={"items": ["身份证明", "权属证明"]},
        )

        with translation.override("zh-hans"):
            assert entry_summary(entry) == "项目 身份证明、权属证明"

    def test_cuts_a_long_list_short(self) -> None:
        entry = Entry(event="network.feeder.registered", changes={"rows": ["10kV线"] * 60})

        assert len(entry_summary(entry)) < 130

    def test_every_field_it_treats_apart_has_a_name(self) -> None:
        assert (REFERENCES | LISTS) - set(FIELDS) == set()
