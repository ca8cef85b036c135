"""What a form refuses, field by field, as sentence and values."""

from __future__ import annotations

import pytest

from busbar.kit.errors import Phrase, Reasons
from busbar.workflow.forms import UnableToAcceptForm, UnableToReadForms, check, parse_forms

VISIT = parse_forms("""
[visit]
title = "勘察"
fields = [
  { name = "place", label = "地点", required = true, max_length = 4 },
  { name = "code", label = "编码", pattern = "[A-Z]{2}", help = "两个大写字母" },
  { name = "line", label = "线路", pattern = "[0-9]+" },
  { name = "capacity", label = "容量", kind = "decimal", unit = "kVA", minimum = 1, maximum = 9.5 },
  { name = "count", label = "台数", kind = "integer", minimum = 0 },
  { name = "day", label = "日期", kind = "date", minimum = "2026-01-01" },
  { name = "met_at", label = "会面", kind = "datetime" },
  { name = "ready", label = "具备", kind = "yes_no" },
  { name = "supply", label = "电源", kind = "choice", choices = [
    { value = "single", label = "单电源" }, { value = "dual", label = "双电源" } ] },
  { name = "feeder", label = "馈线", kind = "choice", choice_from = "feeders" },
  { name = "rows", label = "设备", kind = "table", columns = [
    { name = "name", label = "名称", required = true },
    { name = "kw", label = "功率", kind = "decimal", unit = "kW", minimum = 0 } ] },
]
""")["visit"]
PLACE = {"place": "东门"}


def errors(**data: object) -> dict[str, Phrase]:
    with pytest.raises(UnableToAcceptForm) as refusal:
        check(VISIT, PLACE | data, facts={}, files={})
    assert str(refusal.value) == "；".join(map(str, refusal.value.errors.values()))
    return refusal.value.errors


class TestCheck:
    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("place", "", "“地点”必须填写"),
            ("place", "东区一号门", "“地点”有 5 个字，至多 4 个"),
            ("place", ["东"], "“地点”应为文字"),
            ("place", "东\x00", "“地点”含有不可见的控制字符"),
            ("code", "a1", "“编码”格式不符，两个大写字母"),
            ("line", "x", "“线路”格式不符"),
            ("capacity", "多", "“容量”应为数字"),
            ("capacity", "1e99", "“容量”应为合理大小的数字"),
            ("capacity", "0.5", "“容量”不得小于 1 kVA"),
            ("capacity", "10", "“容量”不得大于 9.5 kVA"),
            ("count", "1.5", "“台数”应为整数"),
            ("count", "-1", "“台数”不得小于 0"),
            ("day", "昨天", "“日期”应为日期，如 2026-03-02"),
            ("day", "2025-12-31", "“日期”不得小于 2026-01-01"),
            ("met_at", "九点", "“会面”应为日期和时间，如 2026-03-02 09:30"),
            ("ready", "也许", "“具备”应为“是”或“否”"),
            ("supply", "x", "“电源”应为 单电源、双电源 之一"),
            ("feeder", "F9", "“馈线”没有“F9”可选，请从列表中选择"),
            ("rows", "x", "“设备”应为至多 500 行的表格"),
            ("rows", ["x"], "“设备”第 1 行应为按列名给出的值"),
            ("other", "x", "表单“勘察”没有字段“other”"),
        ],
    )
    def test_says_what_a_field_should_be(self, name: str, value: object, said: str) -> None:
        assert {key: str(why) for key, why in errors(**{name: value}).items()} == {name: said}

    def test_says_every_thing_amiss_in_a_row_within_its_table(self) -> None:
        found = errors(rows=[{"name": "电炉"}, {"kw": "-1"}])

        assert str(found["rows"]) == "“设备”第 2 行：“功率”不得小于 0 kW；“名称”必须填写"

    def test_keeps_sentences_apart_from_values(self) -> None:
        found = errors(rows=[{"kw": "1"}])["rows"]

        assert found.sentence == "“%(field)s”%(why)s"
        assert found.values == {
            "field": "设备",
            "why": Phrase(
                "第 %(number)s 行：%(why)s",
                number=1,
                why=Reasons([Phrase("“%(field)s”必须填写", field="名称")]),
            ),
        }


class TestParseForms:
    @pytest.mark.parametrize(
        ("attributes", "said"),
        [
            ('kind = "decimal", minimum = nan', "minimum 应为数字"),
            ('kind = "integer", maximum = "abc"', "maximum 应为数字"),
            ('kind = "date", minimum = "明天"', "minimum 应为日期，如 2026-03-02"),
            ("max_length = 20001", "max_length 应在 1 与 20000 之间"),
            ('kind = "paragraph", pattern = "a"', "pattern 只用于至多 200 个字的 text"),
            ('pattern = "("', "pattern 不是正则表达式"),
            ('required_when = "f()"', "表达式“f()”中有“Call”"),
            ("unit = 5", "unit 是“5”，应为一段文字"),
            ("required = 1", "required 是“1”，应为 true 或 false"),
            ('max_length = "5"', "max_length 是“5”，应为一个整数"),
        ],
    )
    def test_names_form_field_and_what_is_amiss(self, attributes: str, said: str) -> None:
        text = f'[a]\nfields = [{{ name = "x", label = "甲", {attributes} }}]'

        with pytest.raises(UnableToReadForms) as refusal:
            parse_forms(text)

        assert str(refusal.value).startswith(f"forms.toml 表单“a” 字段“x”：{said}")
