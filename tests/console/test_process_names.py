"""The shipped processes and their steps have an English name, and no name is kept for nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils import translation

from busbar.arrears import apps as arrears_apps
from busbar.connections.steps.registering import PROCESSES
from busbar.console.process_names import NAMES, name_actor, name_step
from busbar.key_accounts import apps as key_accounts_apps

ROOMS = [Path(one.__file__).parent / "processes" for one in (arrears_apps, key_accounts_apps)]
_NAMED = re.compile(r'<bpmn:(?:userTask|process)[^>]* name="([^"]+)"')
_HAN = re.compile(r"[\u4e00-\u9fff]")
SHIPPED = {
    name
    for folder in (PROCESSES, *ROOMS)
    for path in folder.glob("*/process.bpmn")
    for name in _NAMED.findall(path.read_text("utf-8"))
}


class TestNameStep:
    @pytest.mark.parametrize("name", sorted(SHIPPED))
    def test_names_what_is_shipped_in_both_languages(self, name: str) -> None:
        with translation.override("zh-hans"):
            assert name_step(name) == name
        with translation.override("en"):
            assert not _HAN.search(name_step(name))

    def test_keeps_no_name_that_is_not_shipped(self) -> None:
        assert set(NAMES) == SHIPPED

    def test_leaves_an_offices_own_step_as_it_was_written(self) -> None:
        with translation.override("en"):
            assert name_step("县公司加签") == "县公司加签"


class TestNameActor:
    def test_says_the_product_in_the_readers_language(self) -> None:
        with translation.override("en"):
            assert (name_actor("系统"), name_actor("周敏")) == ("System", "周敏")
        with translation.override("zh-hans"):
            assert name_actor("系统") == "系统"
