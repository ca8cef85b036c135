"""What several commands take from the line: days, and pairs of name and text."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Iterable, Sequence


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
