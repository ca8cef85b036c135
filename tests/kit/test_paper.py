"""Papers hold text as text, look the same everywhere, and say what is wrong."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from busbar.kit import paper
from busbar.kit.chinese_figures import capital_amount
from busbar.kit.paper import FontsMissingError, PaperError

PLAIN = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title)
#set text(font: "Noto Sans SC", lang: "zh", cjk-latin-spacing: none)
#data.body
"""


def text_of(pdf: bytes) -> str:
    """All pages' text, without line ends."""
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).replace(
        "\n", ""
    )


class TestRenderPdf:
    @pytest.mark.parametrize(
        "name",
        [
            "甲#sys.version乙",
            "$x^2$ *粗* _斜_ `码` <标> @引 \\行 ~",
            '#read("/etc/passwd")',
            "[a](b) // 注 /* 释 */ = 题",
            '"引号" {花} #let x = 1',
        ],
    )
    def test_a_name_is_never_markup(self, name: str) -> None:
        made = paper.render_pdf(PLAIN, {"title": name, "body": name})
        assert text_of(made).replace(" ", "") == name.replace(" ", "")
        assert PdfReader(io.BytesIO(made)).metadata["/Title"] == name

    def test_the_same_facts_give_the_same_bytes(self) -> None:
        at = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
        data = {"title": "题", "body": "文"}
        one = paper.render_pdf(PLAIN, data, made_at=at)
        assert one == paper.render_pdf(PLAIN, data, made_at=at)
        assert b"D:20260302" in one

    def test_is_archival_tagged_and_carries_its_fonts(self) -> None:
        made = paper.render_pdf(PLAIN, {"title": "题", "body": "供电方案"})
        root = PdfReader(io.BytesIO(made)).trailer["/Root"]
        assert "pdfaid:part>2<" in root["/Metadata"].get_data().decode()
        assert root["/MarkInfo"]["/Marked"]
        page = PdfReader(io.BytesIO(made)).pages[0]
        for font in page["/Resources"]["/Font"].values():
            descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            assert {"/FontFile2", "/FontFile3"} & set(descriptor.get_object())

    def test_a_character_without_type_is_shown_as_such(self) -> None:
        made = paper.render_pdf(PLAIN, {"title": "题", "body": "某😀\x07\u200b司"})
        assert text_of(made) == "某〓司"

    def test_a_broken_template_is_named(self, tmp_path: Path) -> None:
        template = tmp_path / "broken.typ"
        template.write_text("#nothing", encoding="utf-8")
        with pytest.raises(PaperError, match=r"broken\.typ: unknown variable: nothing"):
            paper.render_pdf(template, {})

    def test_a_template_reads_nothing_outside_its_folder(self, tmp_path: Path) -> None:
        (tmp_path / "secret.txt").write_text("x", encoding="utf-8")
        (tmp_path / "in").mkdir()
        template = tmp_path / "in" / "t.typ"
        template.write_text('#read("../secret.txt")', encoding="utf-8")
        with pytest.raises(PaperError):
            paper.render_pdf(template, {})

    def test_missing_fonts_name_the_cure(self, tmp_path: Path) -> None:
        with pytest.raises(FontsMissingError, match="make setup"):
            paper.render_pdf(PLAIN, {"title": "", "body": ""}, tmp_path)

    def test_what_cannot_be_printed_is_refused(self) -> None:
        with pytest.raises(TypeError, match="body: a float"):
            paper.render_pdf(PLAIN, {"title": "", "body": 1.5})


_FIGURES = {figure: n for n, figure in enumerate("零壹贰叁肆伍陆柒捌玖")}
_PLACES = {"拾": 10, "佰": 100, "仟": 1000}


def read_back(text: str) -> Decimal:
    """An independent reader of capital amounts."""
    sign = -1 if text.startswith("负") else 1
    whole, found, rest = text.removeprefix("负").removesuffix("整").rpartition("元")
    yuan = group = figure = 0
    for char in whole if found else "":
        if char in _FIGURES:
            figure = _FIGURES[char]
        elif char in _PLACES:
            group, figure = group + figure * _PLACES[char], 0
        else:
            factor = {"万": 10**4, "亿": 10**8}[char]
            group, figure = group + figure, 0
            # 万 before 亿 has been added already: 亿 lifts all that was read.
            yuan = (yuan + group) * factor if char == "亿" else yuan + group * factor
            group = 0
    total = Decimal(yuan + group + figure)
    for figure_char, unit in pairwise(rest):
        if unit in "角分":
            total += _FIGURES[figure_char] * Decimal({"角": "0.1", "分": "0.01"}[unit])
    return sign * total


class TestCapitalAmount:
    @given(st.integers(min_value=-(10**15), max_value=10**18 - 1))
    def test_can_be_read_back(self, fen: int) -> None:
        yuan = Decimal(fen) / 100
        assert read_back(capital_amount(yuan)) == yuan

    @pytest.mark.parametrize(
        ("yuan", "written"),
        [
            ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
            ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
            ("1409.50", "壹仟肆佰零玖元伍角整"),
            ("10", "壹拾元整"),
            ("20000500", "贰仟万零伍佰元整"),
            ("100010000", "壹亿零壹万元整"),
            ("1200000000000", "壹万贰仟亿元整"),
            ("0.5", "伍角整"),
            ("0.004", "零元整"),
        ],
    )
    def test_is_written_as_bills_want_it(self, yuan: str, written: str) -> None:
        assert capital_amount(Decimal(yuan)) == written

    def test_beyond_its_range_it_refuses(self) -> None:
        with pytest.raises(ValueError, match="超出"):
            capital_amount(Decimal(10**16))
