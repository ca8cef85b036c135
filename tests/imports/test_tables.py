"""Files are told by their content; exports cannot run anything."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook

from busbar.kit import exports, tables
from busbar.kit.contents import UnableToAcceptFile, detect_content, store_by_digest
from busbar.kit.tables import UnableToReadTable


def written(folder: Path, content: bytes) -> Path:
    path = folder / "x.bin"
    path.write_bytes(content)
    return path


class TestReading:
    def test_numbers_rows_as_the_file_counts_them(self, tmp_path: Path) -> None:
        path = written(tmp_path, '清单,\n户号,户名\n\n1,甲\n,\n2,"乙\n厂"\n'.encode("gb18030"))
        head = tables.list_heads(path)[0]

        assert (head.header, head.header_row, head.rows) == (("户号", "户名"), 2, 2)
        assert list(tables.read_rows(path, head)) == [(4, ["1", "甲"]), (6, ["2", "乙\n厂"])]

    def test_tells_the_separator(self, tmp_path: Path) -> None:
        path = written(tmp_path, b"a\tb\n1,5\t2\n")

        assert tables.list_heads(path)[0].header == ("a", "b")

    def test_columns_keep_their_file_rows_when_lines_are_blank(self, tmp_path: Path) -> None:
        path = written(tmp_path, b"a,b\n1,2\n\n3,4\n")

        table, numbers = tables.read_columns(path, tables.list_heads(path)[0])

        assert table.to_pydict() == {"a": ["1", "3"], "b": ["2", "4"]}
        assert numbers.tolist() == [2, 4]

    def test_refuses_an_archive_that_would_burst(self, tmp_path: Path) -> None:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("[Content_Types].xml", "<x/>")
            archive.writestr("xl/workbook.xml", b"\0" * 150_000_000)

        with pytest.raises(UnableToReadTable, match="压缩"):
            tables.list_heads(written(tmp_path, content.getvalue()))

    def test_refuses_macros(self, tmp_path: Path) -> None:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("[Content_Types].xml", "<x/>")
            archive.writestr("xl/vbaProject.bin", "x")

        with pytest.raises(UnableToReadTable, match="宏"):
            tables.list_heads(written(tmp_path, content.getvalue()))

    @pytest.mark.parametrize("content", [b"\xff\xfea\0b\0", b"\x7fELF", b"a\x00b", b"\x81\xff\xff"])
    def test_refuses_what_is_neither_text_nor_table(self, tmp_path: Path, content: bytes) -> None:
        assert detect_content(written(tmp_path, content)) is None


class TestStoring:
    def test_leaves_nothing_of_a_file_that_is_too_large(self, tmp_path: Path) -> None:
        with pytest.raises(UnableToAcceptFile, match="上限"):
            store_by_digest(tmp_path, [b"12345", b"67890"], max_bytes=9)

        assert [p for p in tmp_path.rglob("*") if p.is_file()] == []

    def test_keeps_the_same_bytes_once(self, tmp_path: Path) -> None:
        first = store_by_digest(tmp_path, [b"abc"], max_bytes=9)
        second = store_by_digest(tmp_path, [b"a", b"bc"], max_bytes=9)

        assert first == second
        assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 1


class TestExports:
    ROWS = (["=1+1", -3, "-0.75", "+86 10", "@x", "\tx", "甲", True, None],)

    def test_csv_neutralizes_formulas_and_keeps_numbers(self) -> None:
        file = io.BytesIO()
        exports.write_csv(file, list("abcdefghi"), self.ROWS)

        line = file.getvalue().decode("utf-8-sig").splitlines()[1]
        assert line == "'=1+1,-3,-0.75,'+86 10,'@x,'\tx,甲,是,"

    def test_excel_neutralizes_formulas_and_keeps_numbers(self) -> None:
        file = io.BytesIO()
        exports.write_xlsx(file, [("表/一", list("abcdefghi"), self.ROWS)])

        sheet = load_workbook(io.BytesIO(file.getvalue())).active
        assert sheet.title == "表 一"
        cells = [cell.value for cell in sheet[2]]
        assert cells == ["'=1+1", -3, "-0.75", "'+86 10", "'@x", "'\tx", "甲", "是", None]
        assert all(cell.data_type != "f" for cell in sheet[2])

    def test_lines_are_those_of_the_file(self) -> None:
        file = io.BytesIO()
        exports.write_csv(file, ["a"], [["=x"], ["y"]])

        assert "".join(exports.csv_lines(["a"], [["=x"], ["y"]])).encode() == file.getvalue()
