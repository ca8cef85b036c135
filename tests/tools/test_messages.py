"""The English catalog's tool finds every string and every fault."""

from __future__ import annotations

from pathlib import Path

import polib
import pytest
from tools.messages import (
    Message,
    NotLiteralError,
    find_faults,
    find_messages,
    open_catalog,
    read_python,
    read_template,
    update,
)


class TestReadPython:
    def test_finds_plain_lazy_plural_and_contextual_strings(self) -> None:
        source = (
            "_('客户')\ngettext_lazy('账单')\nngettext('一户', '多户', n)\n"
            "translation.pgettext('电能', '峰')\nprint('不译')\n"
        )

        found = list(read_python(source, "a.py"))

        assert found == [
            Message("客户"),
            Message("账单"),
            Message("一户"),
            Message("峰", context="电能"),
        ]
        assert found[2].plural == "多户"
        assert found[3].place == "a.py:4"

    def test_finds_the_sentences_of_refusals_in_rooms_that_have_their_english(self) -> None:
        source = (
            "raise UnableToPay('没有账单 %(number)s', number=n)\n"
            "raise UnableToPay(handed_on)\nraise UnableToRate('不能核算')\n"
            "raise refusal('没有这笔流水')\nraise NotPermitted('不是您的')\n"
            "words(text, UnableToPay, '请写明原因', most=3)\n"
        )

        assert list(read_python(source, "payments/a.py")) == [
            Message("没有账单 %(number)s"),
            Message("不能核算"),
            Message("没有这笔流水"),
            Message("不是您的"),
            Message("请写明原因"),
        ]
        assert list(read_python(source, "demo/a.py")) == []
        with pytest.raises(NotLiteralError, match=r"payments/a\.py:1"):
            list(read_python("raise UnableToPay(f'没有 {n}')", "payments/a.py"))

    def test_refuses_a_computed_string(self) -> None:
        with pytest.raises(NotLiteralError, match=r"a\.py:1"):
            list(read_python("_(f'客户{n}')", "a.py"))


class TestReadTemplate:
    def test_finds_translate_blocktranslate_and_filters(self) -> None:
        source = (
            '{% load i18n %}{% translate "客户" %}{{ _("账单") }}'
            '{% translate "峰" context "电能" %}'
            "{% blocktranslate count n=rows %}{{ n }} 户"
            "{% plural %}{{ n }} 户们{% endblocktranslate %}"
        )

        found = list(read_template(source, "a.html"))

        assert set(found) == {
            Message("客户"),
            Message("账单"),
            Message("峰", context="电能"),
            Message("%(n)s 户"),
        }


class TestFindFaults:
    def _faults(self, message: Message, **entry: object) -> list[str]:
        catalog = polib.POFile()
        if entry:
            catalog.append(polib.POEntry(msgid=message.id, **entry))
        return find_faults({(None, message.id): message}, catalog)

    def test_accepts_a_translation_with_the_same_placeholders(self) -> None:
        assert self._faults(Message("%(n)s 户"), msgstr="%(n)s accounts") == []

    @pytest.mark.parametrize(
        ("entry", "fault"),
        [
            ({}, "is not in the catalog"),
            ({"msgstr": ""}, "has no English"),
            ({"msgstr": "%(n)s accounts", "flags": ["fuzzy"]}, "is marked fuzzy"),
            ({"msgstr": "accounts"}, "needs the placeholders ['%(n)s']"),
        ],
    )
    def test_names_the_fault(self, entry: dict[str, object], fault: str) -> None:
        message = Message("%(n)s 户", place="a.html")

        assert self._faults(message, **entry) == [f"a.html: '%(n)s 户' {fault}"]


class TestUpdate:
    def test_adds_new_keeps_translated_and_drops_unused(self, tmp_path: Path) -> None:
        (tmp_path / "a.py").write_text("_('客户')\n_('账单')\n", encoding="utf-8")
        catalog = open_catalog(tmp_path / "django.po")
        catalog.append(polib.POEntry(msgid="账单", msgstr="Bill"))
        catalog.append(polib.POEntry(msgid="旧的", msgstr="Old"))

        new = update(find_messages(tmp_path), catalog)

        assert new == 1
        assert {entry.msgid: entry.msgstr for entry in catalog} == {"客户": "", "账单": "Bill"}
