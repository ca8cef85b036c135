"""The English catalog: find the strings of the screens, check it, complete it, compile it.

    python tools/messages.py check     every string has its English; exit code 1 if not
    python tools/messages.py update    add what is new (untranslated), retire what is gone
    python tools/messages.py compile   write the .mo that Django reads

The Chinese strings in the code are the message ids. No gettext programs are needed: Django's
`templatize` turns templates into calls, `ast` reads the Python ones, polib keeps the catalog.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "busbar"
CATALOG = SOURCE / "config" / "locale" / "en" / "LC_MESSAGES" / "django.po"

Key = tuple[str | None, str]  # context and id

# What each function takes, in order: c context, s singular (the id), p plural.
_SIGNATURES = {"gettext": "s", "ngettext": "sp", "pgettext": "cs", "npgettext": "csp"}
_SIGNATURES |= {f"{name}_lazy": roles for name, roles in _SIGNATURES.items()}
_SIGNATURES |= {"_": "s", "gettext_noop": "s"}

_REFUSING = (
    "access",
    "arrears",
    "billing",
    "claims",
    "clocks",
    "connections",
    "customers",
    "imports",
    "key_accounts",
    "kit",
    "metering",
    "network",
    "notifications",
    "outages",
    "payments",
    "pricing",
    "service_desk",
    "supply",
    "workflow",
)
"""Rooms whose refusals have their English: a face says them by their sentence (kit/errors.py)."""
_STEP = "what"
"""What the ground that several operations share is handed to name in its refusal."""
_ALSO_REFUSING = {
    "CellRefused",
    "ChangeRefused",
    "MultipleRefused",
    "NoSuchProcess",
    "NoUnitForTask",
    "NoWayOn",
    "NotPermitted",
    "NotReadable",
    "Phrase",
    "Refusal",
    "refusal",
}
"""Refusals of other names, what is told without refusing, and what shared ground is to raise."""

_LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_TEMPLATE_CALL = re.compile(
    rf"\b(_|gettext|ngettext|pgettext|npgettext)\(\s*({_LITERAL}(?:\s*,\s*{_LITERAL})*)"
)
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")


@dataclass(frozen=True)
class Message:
    """A string of the screens; two uses are one message when context and id agree."""

    id: str
    context: str | None = None
    plural: str | None = field(default=None, compare=False)
    place: str = field(default="", compare=False)


class NotLiteralError(Exception):
    """A string handed to gettext is computed, so that nobody can translate it."""


def find_messages(source: Path) -> dict[Key, Message]:
    """Every message below `source`, by context and id, with the place of its first use."""
    found: dict[Key, Message] = {}
    for path in sorted([*source.rglob("*.py"), *source.rglob("*.html"), *source.rglob("*.txt")]):
        if "migrations" in path.parts or "static" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        place = path.relative_to(source).as_posix()
        read = read_python if path.suffix == ".py" else read_template
        for message in filter(lambda message: message.id, read(text, place)):
            found.setdefault((message.context, message.id), message)
    return found


def read_python(text: str, place: str) -> Iterator[Message]:
    """The messages of a Python source.

    >>> [m.id for m in read_python('from x import gettext as _; _("客户")', "a.py")]
    ['客户']
    """
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        if place.startswith(_REFUSING):
            for sentence in _refused(node):
                yield Message(id=_string(sentence, place), place=f"{place}:{node.lineno}")
        if roles := _SIGNATURES.get(_name(node.func)):
            strings = [_string(argument, place) for argument in node.args[: len(roles)]]
            yield _message(roles, strings, f"{place}:{node.lineno}")


def read_template(text: str, place: str) -> Iterator[Message]:
    """The messages of a template, `translate` and `blocktranslate` alike.

    >>> [m.id for m in read_template('{% load i18n %}{% translate "客户" %}', "a.html")]
    ['客户']
    """
    for call in _TEMPLATE_CALL.finditer(templatize(text, origin=place)):
        strings = [ast.literal_eval(literal) for literal in re.findall(_LITERAL, call[2])]
        yield _message(_SIGNATURES[call[1]], strings, place)


def find_faults(messages: dict[Key, Message], catalog: polib.POFile) -> list[str]:
    """What the catalog lacks, a line each: missing, empty, doubtful or with other placeholders."""
    entries = {(entry.msgctxt, entry.msgid): entry for entry in catalog if not entry.obsolete}
    faults = []
    for key, message in messages.items():
        fault = _fault(message, entries.get(key))
        if fault:
            faults.append(f"{message.place}: {message.id!r} {fault}")
    return faults


def update(messages: dict[Key, Message], catalog: polib.POFile) -> int:
    """Add new messages without translation and drop those no longer used; how many are new."""
    known = {(entry.msgctxt, entry.msgid) for entry in catalog}
    for entry in [e for e in catalog if (e.msgctxt, e.msgid) not in messages]:
        catalog.remove(entry)
    new = [message for key, message in messages.items() if key not in known]
    catalog.extend(_entry(message) for message in new)
    catalog.sort(key=lambda entry: (entry.msgid, entry.msgctxt or ""))
    return len(new)


def open_catalog(path: Path) -> polib.POFile:
    """The catalog at `path`, or an empty one with its header."""
    if path.exists():
        return polib.pofile(str(path), wrapwidth=100)
    catalog = polib.POFile(wrapwidth=100)
    catalog.metadata = {
        "Project-Id-Version": "busbar",
        "Language": "en",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    return catalog


def _refused(call: ast.Call) -> Iterator[ast.expr]:
    """The sentence of a refusal made here, not handed on, and the step a refusal is to name.

    Shared ground is handed a class and then the sentence that it is to be raised with.
    """
    yield from (k.value for k in call.keywords if k.arg == _STEP and _is_text(k.value))
    name = _name(call.func)
    is_refusal = name.startswith("UnableTo") or name in _ALSO_REFUSING
    if is_refusal and call.args and _is_text(call.args[0]):
        yield call.args[0]
    yield from (
        sentence
        for kind, sentence in pairwise(call.args)
        if isinstance(kind, ast.Name) and kind.id.startswith("UnableTo") and _is_text(sentence)
    )


def _is_text(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant | ast.JoinedStr)


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _string(argument: ast.expr, place: str) -> str:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    raise NotLiteralError(f"{place}:{argument.lineno}: gettext needs a literal string")


def _message(roles: str, strings: list[str], place: str) -> Message:
    by_role = dict(zip(roles, strings, strict=False))
    return Message(id=by_role["s"], context=by_role.get("c"), plural=by_role.get("p"), place=place)


def _entry(message: Message) -> polib.POEntry:
    if message.plural is None:
        return polib.POEntry(msgid=message.id, msgctxt=message.context, msgstr="")
    return polib.POEntry(
        msgid=message.id,
        msgctxt=message.context,
        msgid_plural=message.plural,
        msgstr_plural={0: "", 1: ""},
    )


def _fault(message: Message, entry: polib.POEntry | None) -> str | None:
    if entry is None:
        return "is not in the catalog"
    if entry.fuzzy:
        return "is marked fuzzy"
    translations = list(entry.msgstr_plural.values()) if message.plural else [entry.msgstr]
    if not translations or not all(translations):
        return "has no English"
    wanted = set(_PLACEHOLDER.findall(message.plural or message.id))
    if any(set(_PLACEHOLDER.findall(text)) != wanted for text in translations[-1:]):
        return f"needs the placeholders {sorted(wanted)}"
    return None


def main() -> int:
    """Run the word of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("word", choices=["check", "update", "compile"])
    word = parser.parse_args().word
    settings.configure(USE_I18N=False)
    catalog = open_catalog(CATALOG)
    if word == "compile":
        CATALOG.parent.mkdir(parents=True, exist_ok=True)
        catalog.save_as_mofile(str(CATALOG.with_suffix(".mo")))
        return 0
    return _check(catalog) if word == "check" else _update(catalog)


def _check(catalog: polib.POFile) -> int:
    messages = find_messages(SOURCE)
    faults = find_faults(messages, catalog)
    if "Content-Type" not in catalog.metadata:
        faults.append("the catalog has lost its header: Django could not read the .mo")
    for fault in faults[:50]:
        print(fault)
    print(f"messages: {len(messages)}, without good English: {len(faults)}")
    return 1 if faults else 0


def _update(catalog: polib.POFile) -> int:
    new = update(find_messages(SOURCE), catalog)
    CATALOG.parent.mkdir(parents=True, exist_ok=True)
    catalog.save(str(CATALOG))
    print(f"{len(catalog)} messages, {new} of them new, in {CATALOG.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
