"""Papers: a Typst template and plain facts in, a PDF/A-2b that lasts out. No Django.

Facts reach a template as JSON (`json(bytes(sys.inputs.data))`), so that a name with `#`, `$`
or a bracket stays text and never becomes markup. The fonts are files of ours: a paper looks
the same on every machine and carries its fonts with it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path

import typst

from busbar.kit.chinese_figures import chinese_date, chinese_moment, grouped_yuan
from busbar.kit.glyphs import characters_of
from busbar.kit.money import plain

FONTS = Path(__file__).with_name("fonts")
FONT_FILES = ("NotoSansSC_400Regular.ttf", "NotoSansSC_700Bold.ttf")
FAMILY = "Noto Sans SC"
NO_GLYPH = "〓"
"""Printed for a character that the font lacks: the printer's sign for type not at hand."""
_STANDARD: typst.PDFStandard = "a-2b"
_DAWN = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


class PaperError(Exception):
    """A paper could not be made; the message says which template and what is wrong."""


class FontsMissingError(PaperError):
    """The fonts of papers are not where they belong."""


def render_pdf(
    template: str | Path,
    data: Mapping[str, object],
    fonts: Path = FONTS,
    *,
    made_at: dt.datetime = _DAWN,
) -> bytes:
    """The template filled with the data, as tagged PDF/A-2b with its fonts embedded.

    `template` is a path (its folder is all it may read from) or the source itself. `data`
    holds dataclasses, mappings, sequences, text, numbers, dates; see `plain_data`. The same
    template, data and `made_at` give the same bytes. Raises `PaperError`.
    """
    return _compile(template, data, fonts, made_at)


def render_pages(
    template: str | Path, data: Mapping[str, object], fonts: Path = FONTS, *, ppi: float = 110
) -> list[bytes]:
    """Each page as a PNG picture, to be looked at."""
    made = _compiler(template, data, fonts)
    try:
        pages = made.compile(format="png", ppi=ppi)
    except typst.TypstError as error:
        raise PaperError(_explain(template, error)) from error
    return pages if isinstance(pages, list) else [pages or b""]


def plain_data(value: object, name: str = "") -> object:
    """What a template reads: text, true and false, lists and dictionaries, nothing else.

    Money is known by its name (`…_yuan`) and grouped to the fen; other numbers are written
    plainly, dates in Chinese, nothing as the empty text. A character without a glyph becomes
    `〓`.

    >>> on = dt.date(2026, 3, 2)
    >>> plain_data({"fee_yuan": Decimal("1200"), "on": on, "kva": Decimal("630.0")})
    {'fee_yuan': '1,200.00', 'on': '2026年3月2日', 'kva': '630'}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain_data(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_data(item, name) for item in value]
    if value is None or isinstance(value, bool):
        return "" if value is None else value
    return _text(value, name)


def _text(value: object, name: str) -> str:
    if isinstance(value, int):
        value = Decimal(value)
    if isinstance(value, Decimal):
        return grouped_yuan(value) if name.endswith("_yuan") else plain(value)
    if isinstance(value, dt.datetime):
        return chinese_moment(value)
    if isinstance(value, dt.date):
        return chinese_date(value)
    if isinstance(value, str):
        return "".join(c for c in value if c == "\n" or unicodedata.category(c) != "Cc")
    raise TypeError(f"{name}: a {type(value).__name__} cannot be printed")


def _compile(
    template: str | Path, data: Mapping[str, object], fonts: Path, made_at: dt.datetime
) -> bytes:
    compiler = _compiler(template, data, fonts)
    try:
        made = compiler.compile(
            format="pdf", pdf_standards=_STANDARD, timestamp=int(made_at.timestamp())
        )
    except typst.TypstError as error:
        raise PaperError(_explain(template, error)) from error
    if not isinstance(made, bytes):
        raise PaperError(f"{_name(template)}: nothing was made")
    return made


def _compiler(template: str | Path, data: Mapping[str, object], fonts: Path) -> typst.Compiler:
    chosen = _load_fonts(fonts)
    known = characters_of(fonts / FONT_FILES[0])
    inputs = {"data": _printable(json.dumps(plain_data(data), ensure_ascii=False), known)}
    if not isinstance(template, Path):
        return typst.Compiler(
            template.encode(),
            root=fonts,
            font_paths=chosen,
            ignore_system_fonts=True,
            sys_inputs=inputs,
        )
    if not template.is_file():
        raise PaperError(f"没有文书模板 {template}")
    return typst.Compiler(
        template,
        root=template.parent,
        font_paths=chosen,
        ignore_system_fonts=True,
        sys_inputs=inputs,
    )


@cache
def _load_fonts(folder: Path) -> typst.Fonts:
    missing = [name for name in FONT_FILES if not (folder / name).is_file()]
    if missing:
        names = "、".join(missing)
        raise FontsMissingError(f"缺少文书字体 {names}（应在 {folder}）：请运行 make setup")
    found = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)]
    )
    if FAMILY not in found.families():  # Typst prints blank pages rather than complain
        raise FontsMissingError(f"{folder} 中没有可用的字体 {FAMILY}：请运行 make setup")
    return found


def _printable(text: str, known: frozenset[int]) -> str:
    """The JSON text with only characters that can be printed; unseen ones are gone."""
    composed = unicodedata.normalize("NFC", text)
    if all(ord(c) in known for c in composed):
        return composed
    kept = (c for c in composed if unicodedata.category(c) not in {"Cf", "Cs", "Mn", "Me"})
    return "".join(c if ord(c) in known else NO_GLYPH for c in kept)


def _explain(template: str | Path, error: typst.TypstError) -> str:
    hints = "".join(f" ({hint})" for hint in error.hints)
    return f"{_name(template)}: {error.message}{hints}"


def _name(template: str | Path) -> str:
    return template.name if isinstance(template, Path) else "template"
