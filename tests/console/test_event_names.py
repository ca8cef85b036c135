"""Every event of the journal has a name that a clerk can read."""

from __future__ import annotations

import re

from django.utils import translation

from busbar.console.event_names import EVENTS, name_event
from tests.console.journal_events import find_events

EVERY_EVENT = sorted(find_events())
_HAN = re.compile(r"[\u4e00-\u9fff]")


class TestNameEvent:
    def test_every_event_has_a_chinese_name(self) -> None:
        with translation.override("zh-hans"):
            unnamed = [event for event in EVERY_EVENT if not _HAN.search(name_event(event))]

        assert unnamed == []

    def test_every_event_has_an_english_name(self) -> None:
        with translation.override("en"):
            names = {event: name_event(event) for event in EVERY_EVENT}

        assert [e for e, name in names.items() if name == e or _HAN.search(name)] == []


class TestFindEvents:
    def test_it_finds_literal_composed_and_register_events(self) -> None:
        assert {
            "connections.scheme.replied",  # written out
            "connections.change.carried_out",  # the verb handed to another file
            "clocks.clock.escalated",  # the verb chosen by a condition
            "connections.refund.refused",  # the verb a member of a state
            "workflow.task.claimed",  # noun and verb handed to a method
            "supply.agreement.signed",  # a register
        } <= set(EVERY_EVENT)

    def test_no_name_is_kept_for_what_nobody_records(self) -> None:
        assert set(EVENTS) - set(EVERY_EVENT) == set()
