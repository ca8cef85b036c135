"""Every paper states its facts, on numbered pages, with its fonts and in good order."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pypdf import PdfReader

from busbar.connections.papers import making
from tests.connections.papers import samples as s

Render = Callable[[Any], bytes]

PAPERS: list[tuple[Render, Any, str, int, tuple[str, ...]]] = [
    (making.render_application, s.APPLICATION, "高压用电申请", 2, ("2230", "751.5", "待补")),
    (making.render_registration, s.REGISTRATION, "业扩报装登记记录", 1, ("按默示同意处理",)),
    (making.render_acceptance, s.ACCEPTANCE, "用电受理通知", 1, ("2026年4月14日", "种子制度第9条")),
    (making.render_missing_documents, s.MISSING, "缺件一次性告知书", 1, ("2026年3月23日",)),
    (making.render_survey, s.SURVEY, "现场勘察单", 1, ("新立电杆6基", "3fa13fa1")),
    (
        making.render_scheme_reply,
        s.SCHEME,
        "供电方案答复单",
        2,
        ("4210098765432", "257,409.50", "贰拾伍万柒仟肆佰零玖元伍角整", "至迟于2027年3月5日向我"),
    ),
    (making.render_payment_notice, s.PAYMENT, "缴费通知", 1, ("2026年3月31日前缴清",)),
    (making.render_design_review, s.INSPECTION, "受电工程设计审查意见", 1, ("审查日期",)),
    (making.render_mid_inspection, s.INSPECTION, "受电工程中间检查意见", 1, ("5.2Ω",)),
    (making.render_completion_inspection, s.INSPECTION, "受电工程竣工检验意见", 1, ("检验人员",)),
    (making.render_energising, s.ENERGISING, "送电通知", 1, ("2026年3月30日10:30送电",)),
    (making.render_agreement, s.AGREEMENT, "供用电合同（概要）", 1, ("2029年3月15日",)),
    (making.render_change_notice, s.CHANGE, "变更用电通知", 1, ("第25条", "加封")),
    (
        making.render_refund_notice,
        s.REFUND,
        "退费通知",
        1,
        ("107,000.53", "壹拾万柒仟元伍角叁分"),
    ),
]


def reader_of(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def text_of(reader: PdfReader) -> str:
    """All text, without spaces and line ends, which depend on where lines break."""
    text = "".join(page.extract_text() for page in reader.pages)
    return "".join(text.replace("\u200b", "").split())


@pytest.mark.parametrize(
    ("render", "facts", "title", "pages", "values"), PAPERS, ids=[p[0].__name__ for p in PAPERS]
)
class TestEveryPaper:
    def test_states_its_facts_under_its_title(
        self, render: Render, facts: Any, title: str, pages: int, values: tuple[str, ...]
    ) -> None:
        reader = reader_of(render(facts))
        text = text_of(reader)

        assert len(reader.pages) == pages
        assert reader.metadata is not None
        assert reader.metadata["/Title"] == f"{title} {s.HEAD.number}"
        assert text.count(f"编号：{s.HEAD.number}") >= pages
        assert f"第{pages}页共{pages}页" in text
        assert "".join(facts.customer_name.split()) in text
        for value in (title, *values):
            assert value in text

    def test_is_the_same_again(
        self, render: Render, facts: Any, title: str, pages: int, values: tuple[str, ...]
    ) -> None:
        assert render(facts) == render(facts)

    def test_a_name_of_a_hundred_characters_stays_on_the_page(
        self, render: Render, facts: Any, title: str, pages: int, values: tuple[str, ...]
    ) -> None:
        name = s.LONG_NAME * 2 + "W" * 60
        reader = reader_of(render(replace(facts, customer_name=name)))
        assert name in text_of(reader)
        for page in reader.pages:
            assert rightmost(page) <= float(page.mediabox.width) - 40


def rightmost(page: Any) -> float:
    """How far to the right text begins."""
    ends: list[float] = [0.0]

    def visit(text: str, cm: list[float], tm: list[float], *_: Any) -> None:
        if text.strip():
            ends.append(tm[4] * cm[0] + cm[4])

    page.extract_text(visitor_text=visit)
    return max(ends)


class TestWhatIsNotKnown:
    """A paper leaves out what nobody has stated, instead of an empty field."""

    def test_a_reply_names_no_account_before_there_is_one(self) -> None:
        pdf = making.render_scheme_reply(replace(s.SCHEME, account_number="", protection=""))

        text = text_of(reader_of(pdf))
        assert "户号" not in text
        assert "继电保护" not in text
        assert "受电变压器" in text

    def test_a_reply_counts_its_parts_without_the_empty_one(self) -> None:
        empty = {"transformers": "", "boundary": "", "metering": "", "ratios": ""}
        more = {"compensation": "", "protection": "", "emergency_supply": "", "power_quality": ""}

        text = text_of(reader_of(making.render_scheme_reply(replace(s.SCHEME, **empty, **more))))

        assert "受电与计量" not in text
        assert "三、费用与缴费账号" in text
        assert "五、须知" in text

    def test_a_refund_without_an_account_does_not_speak_of_one(self) -> None:
        text = text_of(reader_of(making.render_refund_notice(replace(s.REFUND, account_number=""))))

        assert "户号" not in text

    def test_a_payment_without_limit_asks_to_pay_soon(self) -> None:
        unlimited = replace(s.PAYMENT, account_number="", due_on=None)

        text = text_of(reader_of(making.render_payment_notice(unlimited)))

        assert "应缴费用如下，请及时缴清。" in text
        assert "户号" not in text

    def test_energising_that_is_done_is_told_as_done(self) -> None:
        done = replace(s.ENERGISING, is_energised=True)

        text = text_of(reader_of(making.render_energising(done)))

        assert "已于2026年3月30日10:30送电。" in text
        assert "请做好准备" not in text


class TestLongTables:
    def test_their_head_is_repeated_on_every_page(self) -> None:
        reader = reader_of(making.render_application(s.LONG_APPLICATION))
        heads = ["设备名称" in page.extract_text() for page in reader.pages]
        assert len(reader.pages) == 4
        assert heads == [True] * 4
        assert "60号设备HX-" in text_of(reader)
