"""Hostile packages, forms and files: refused with a sentence, quickly, and nothing is left."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from busbar.workflow import forms, patterns
from busbar.workflow.definition.problems import UnableToAcceptDefinition
from busbar.workflow.definition.reading import compile_package
from busbar.workflow.operations.attaching import FileUpload, UnableToAttachFile, keep_files

PACKAGES = Path(__file__).resolve().parents[3] / "src/busbar/connections/processes"
FIELD = '[a]\n[[a.fields]]\nname = "x"\nlabel = "甲"\n'


def package(key: str = "fee_refund") -> dict[str, str]:
    """A shipped package's files."""
    return {path.name: path.read_text(encoding="utf-8") for path in (PACKAGES / key).iterdir()}


class TestForms:
    """`forms.toml` as somebody would send it who means harm, or does not know better."""

    @pytest.mark.parametrize(
        "text",
        [
            "a = " + "[" * 50_000 + "]" * 50_000,
            "[a]\nfields = 5",
            FIELD + "pattern = 5",
            FIELD + "required_when = 5",
            FIELD + 'kind = "choice"\nchoices = 5',
            FIELD + 'kind = "table"\ncolumns = 5',
            FIELD + 'kind = "table"\ncolumns = [{ name = "y", label = "乙", kind = "files" }]',
            FIELD + 'max_length = "5"',
            FIELD + "max_length = 1000000000",
            FIELD + 'kind = "decimal"\nminimum = "abc"',
            FIELD + 'kind = "decimal"\nmaximum = nan',
            FIELD + 'kind = "date"\nminimum = "tomorrow"',
            FIELD + 'required = "yes"',
        ],
    )
    def test_a_wrong_attribute_is_refused_when_it_is_read(self, text: str) -> None:
        with pytest.raises(forms.UnableToReadForms, match=r"forms\.toml"):
            forms.parse_forms(text)

    @pytest.mark.parametrize(
        "pattern",
        [
            "(a+)+$",
            "(a|a)*b",
            "(a|aa)+$",
            "([a-z]+)*x",
            "(.*a){20}",
            ".*.*.*.*.*x",
            "a?" * 30 + "a" * 30,
            "(a|a)" * 20 + "b",
            "(?=a)a",
            r"(a)\1",
            "(",
            "a" * 501,
        ],
    )
    def test_a_pattern_that_might_never_answer_is_refused(self, pattern: str) -> None:
        with pytest.raises(patterns.UnableToUsePattern, match="pattern"):
            patterns.check_pattern(pattern)

    @pytest.mark.parametrize(
        "pattern",
        [r"[0-9A-HJ-NP-RTUWXY]{18}", r"1[3-9]\d{9}", r"\d{3,4}-\d{7,8}", "[甲乙]+号?", "(是|否)"],
    )
    def test_patterns_of_the_trade_are_taken(self, pattern: str) -> None:
        patterns.check_pattern(pattern)

    def test_the_slowest_pattern_taken_answers_at_once(self) -> None:
        form = forms.parse_forms(FIELD + 'pattern = "a*a*a*b"')["a"]
        began = time.monotonic()
        with pytest.raises(forms.UnableToAcceptForm):
            forms.check(form, {"x": "a" * 200}, facts={}, files={})
        assert time.monotonic() - began < 5

    @pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\x1b[31m"])
    def test_what_no_database_keeps_is_refused(self, text: str) -> None:
        form = forms.parse_forms(FIELD)["a"]
        with pytest.raises(forms.UnableToAcceptForm, match="控制字符"):
            forms.check(form, {"x": text}, facts={}, files={})


class TestPackages:
    """BPMN and DMN."""

    @pytest.mark.parametrize(
        "bpmn",
        [
            '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
            "<a>" * 100_000,
            "<a>" + "<b/>" * 20_000 + "</a>",
            "<a>\ud800</a>",
            "<a>\x00</a>",
            '<?xml version="1.0" encoding="UTF-16"?><a/>',
            "",
        ],
    )
    def test_hostile_xml_is_refused(self, bpmn: str) -> None:
        with pytest.raises(UnableToAcceptDefinition):
            compile_package("x", {"process.bpmn": bpmn})

    def test_a_drawing_without_numbers_is_refused(self) -> None:
        files = package()
        files["process.bpmn"] = files["process.bpmn"].replace(' x="', ' x="links', 1)
        with pytest.raises(UnableToAcceptDefinition, match="流程引擎不接受"):
            compile_package("fee_refund", files)

    def test_a_limit_that_is_none_is_refused(self) -> None:
        files = package("connection_low_voltage")
        assert 'busbar:limit="' in files["process.bpmn"]
        files["process.bpmn"] = files["process.bpmn"].replace(
            'busbar:limit="', 'busbar:limit="un', 1
        )
        with pytest.raises(UnableToAcceptDefinition, match="没有这个时限编码"):
            compile_package("connection_low_voltage", files)


def zipped(**members: bytes) -> bytes:
    """An archive of the members."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return kept.getvalue()


class TestFiles:
    """What is attached is known by its content, and its name is only a name."""

    @pytest.fixture(autouse=True)
    def root(self, settings: Any, tmp_path: Path) -> Path:
        settings.FILES_ROOT = tmp_path / "files"
        return tmp_path

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"MZ\x90\x00" + b"\x00" * 100,
            b"\x7fELF\x02\x01" + b"\x00" * 100,
            b"GIF89a" + b"\x00\x01" * 50,
            zipped(**{"a.txt": b"x"}),
            zipped(**{"[Content_Types].xml": b"<a/>", "word/vbaProject.bin": b"x"}),
            b"PK\x03\x04" + b"broken",
        ],
        ids=["nothing", "exe", "elf", "gif", "archive", "macros", "broken archive"],
    )
    def test_what_it_is_not_is_refused(self, content: bytes) -> None:
        with pytest.raises(UnableToAttachFile, match=r"图\.jpg"):
            keep_files([FileUpload("photos", "图.jpg", [content])])

    @pytest.mark.parametrize(
        "name",
        [
            "../../etc/passwd",
            "..\\..\\boot.ini",
            "/etc/cron.d/x",
            "a\x00b.pdf",
            "a\nb.pdf",
            "",
            "名" * 999,
        ],
    )
    def test_a_name_stays_a_name(self, root: Path, name: str) -> None:
        kept = keep_files([FileUpload("drawings", name, [b"%PDF-1.7\n%%EOF\n"])])[0]
        assert kept.file_name.endswith(".pdf")
        assert not set(kept.file_name) & set("/\\\x00\n")
        assert len(kept.file_name) <= 200
        assert kept.stored.path.is_relative_to(root / "files")
