"""Files are told by their content; exports cannot run anything."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from busbar.kit import exports, parquet_sizes, tables
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


class TestNeutralizing:
    @pytest.mark.parametrize(
        "text",
        ["=1+1", "'=1+1", "''=1", " =1", "＝1", "－1", "@x", "\t=1", "\r=1", "-cmd|x", "'-5"],
    )
    def test_disarms_and_is_taken_back_exactly(self, text: str) -> None:
        assert exports.neutralize(text) == f"'{text}"
        assert exports.unescape(exports.neutralize(text)) == text

    @pytest.mark.parametrize("text", ["-5", "+0.75", "'90年代", "甲", "a=b", ""])
    def test_leaves_numbers_and_words_alone(self, text: str) -> None:
        assert exports.neutralize(text) == text
        assert exports.unescape(text) == text


class TestHostileFiles:
    def test_a_sheet_that_claims_its_last_cell_is_refused_and_takes_nobody_down(
        self, tmp_path: Path
    ) -> None:
        far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v>'
        path = written(tmp_path, _with_sheet(f"<sheetData>{far}</c></row></sheetData>"))

        with pytest.raises(UnableToReadTable, match="Excel 文件过大或已损坏"):
            tables.list_heads(path)

    def test_a_plain_workbook_is_read_as_before(self, tmp_path: Path) -> None:
        file = io.BytesIO()
        exports.write_xlsx(file, [("户号", ["户号", "户名"], [["1", "甲"]])])

        heads = tables.list_heads(written(tmp_path, file.getvalue()))

        assert heads == [tables.TableHead("户号", ("户号", "户名"), 1, 1)]

    def test_a_line_of_a_megabyte_is_no_table(self, tmp_path: Path) -> None:
        path = written(tmp_path, b"1," * 2_000_000)

        with pytest.raises(UnableToReadTable, match="超过 1 MB"):
            tables.list_heads(path)

    def test_a_header_of_too_many_columns_is_refused(self, tmp_path: Path) -> None:
        header = ",".join(f"c{place}" for place in range(2_001))

        with pytest.raises(UnableToReadTable, match="2,001 列，至多 2,000 列"):
            tables.list_heads(written(tmp_path, f"{header}\n1\n".encode()))

    def test_a_cell_that_never_ends_names_its_line(self, tmp_path: Path) -> None:
        path = written(tmp_path, f"户号,户名\n1,甲\n2,{'长' * 140_000}\n".encode())

        with pytest.raises(UnableToReadTable, match="第 3 行无法读取：每格至多 131,072 个字符"):
            tables.list_heads(path)

    def test_a_nested_parquet_column_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "x.parquet"
        pq.write_table(pa.table({"户号": ["1"], "曲线": [[{"kw": [1]}]]}), path)

        with pytest.raises(UnableToReadTable, match="“曲线”列是嵌套结构"):
            tables.list_heads(path)

    def test_a_parquet_page_that_is_damaged_is_refused_when_read(self, tmp_path: Path) -> None:
        path = tmp_path / "x.parquet"
        table = pa.table({"户号": ["1", "2"]})
        pq.write_table(table, path, compression="none", use_dictionary=False)
        content = bytearray(path.read_bytes())
        content[4:40] = b"\xff" * 36
        path.write_bytes(content)
        (head,) = tables.list_heads(path)

        with pytest.raises(UnableToReadTable, match="Parquet 文件已损坏"):
            list(tables.read_rows(path, head))
        with pytest.raises(UnableToReadTable, match="Parquet 文件已损坏"):
            tables.read_columns(path, head)


class TestParquetSizes:
    """What a file becomes in memory is known before it is read."""

    ROWS = 40_000_000

    def test_one_text_for_many_rows_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "x.parquet"
        places = pa.array(np.zeros(self.ROWS // 100, dtype=np.int32))
        texts = pa.DictionaryArray.from_arrays(places, pa.array(["长" * 4_000]))
        pq.write_table(pa.table({"户号": texts}), path, compression="zstd")

        with pytest.raises(UnableToReadTable, match="Parquet 文件展开后超过 2 GB"):
            tables.list_heads(path)

        assert path.stat().st_size < 100_000

    def test_numbers_without_end_are_refused_by_their_declared_size(self, tmp_path: Path) -> None:
        path = tmp_path / "x.parquet"
        schema = pa.schema([(f"P{i}", pa.float64()) for i in range(1, 9)])
        column = pa.array(np.zeros(self.ROWS // 10))
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for _ in range(10):
                writer.write_table(pa.table([column] * 8, schema=schema))

        with pytest.raises(UnableToReadTable, match="Parquet 文件展开后超过 2 GB"):
            tables.list_heads(path)

        assert path.stat().st_size < 2_000_000

    def test_an_honest_file_is_counted_to_the_byte(self, tmp_path: Path) -> None:
        path = tmp_path / "x.parquet"
        table = pa.table({"户号": ["甲", "甲", "乙"] * 1000, "电量": [1.0, 2.0, 3.0] * 1000})
        pq.write_table(table, path)

        # 4 + 3 bytes a text, 8 a number
        assert parquet_sizes.unpacked_bytes(path) == 3000 * (4 + 3 + 8)
        assert tables.list_heads(path)[0].rows == 3000

    def test_texts_written_by_their_beginnings_are_counted_too(self, tmp_path: Path) -> None:
        path = tmp_path / "x.parquet"
        encodings = {"户号": "DELTA_BYTE_ARRAY"}

        honest = pa.table({"户号": ["甲", "甲乙", "甲乙丙"] * 1000, "户名": ["厂"] * 3000})
        pq.write_table(honest, path, use_dictionary=["户名"], column_encoding=encodings)
        # 4 bytes and 3, 6 or 9 for a number; 4 and 3 for a name
        assert parquet_sizes.unpacked_bytes(path) == 3000 * (4 + 6 + 4 + 3)
        assert tables.list_heads(path)[0].rows == 3000

        bursting = pa.table({"户号": ["x" * 1000] * 100_000})
        with pq.ParquetWriter(
            path, bursting.schema, use_dictionary=False, column_encoding=encodings
        ) as writer:
            for _ in range(22):
                writer.write_table(bursting)
        with pytest.raises(UnableToReadTable, match="Parquet 文件展开后超过 2 GB"):
            tables.list_heads(path)
        assert path.stat().st_size < 2_000_000


def _with_sheet(inside: str) -> bytes:
    """A workbook whose only sheet has this content."""
    plain, spoiled = io.BytesIO(), io.BytesIO()
    exports.write_xlsx(plain, [("表", ["a", "b"], [["1", "2"]])])
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<?xml version="1.0"?><worksheet xmlns="{namespace}">{inside}</worksheet>'
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(spoiled, "w") as target:
        for name in source.namelist():
            is_sheet = name.startswith("xl/worksheets/")
            target.writestr(name, sheet if is_sheet else source.read(name))
    return spoiled.getvalue()
