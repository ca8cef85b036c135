"""What several commands take from the line: days, names with texts, documents, who acts."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from busbar.kit.errors import Refusal

if TYPE_CHECKING:
    from busbar.access.visibility import Viewer


class UnableToReadFile(Refusal):
    """There is no such file, or it is not what was expected."""


class UnableToFindEmployee(Refusal):
    """Nobody has this staff number."""


def day(text: str) -> dt.date:
    """A day as argparse wants it.

    >>> day("2026-03-01")
    datetime.date(2026, 3, 1)
    """
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} 不是日期，应如 2026-03-01") from error


def pairs(texts: Iterable[str], names: Sequence[str]) -> dict[str, str] | None:
    """NAME=TEXT by name; None where a name is another or comes twice.

    >>> pairs(["name=储能"], ["name"]), pairs(["nam=储能"], ["name"]), pairs(["name"], ["name"])
    ({'name': '储能'}, None, None)
    """
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or name not in names or name in found:
            return None
        found[name] = value
    return found


def document(name: str) -> dict[str, Any]:
    """The JSON object of a file, numbers exact; `-` is standard input.

    Raises UnableToReadFile, and billing's `QuoteRefused` for what is no JSON object.
    """
    from busbar.billing import quote

    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        found = quote.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise UnableToReadFile(f"打不开文件 {name}：{error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnableToReadFile(f"{name} 不是 UTF-8 编码的文本") from error
    if not isinstance(found, dict):
        raise quote.QuoteRefused([quote.Fault("$", found, "应为对象 { … }")])
    return found


def viewer_of(number: str) -> Viewer:
    """Who acts, by staff number; Django must be started."""
    from busbar.access import queries as access_queries
    from busbar.access.models import Employee

    person = Employee.objects.select_related("user").filter(number=number).first()
    if person is None:
        raise UnableToFindEmployee(f"没有工号 {number}")
    return access_queries.get_viewer(person.user)
