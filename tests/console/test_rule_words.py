"""Choices among rules are shown in words."""

from __future__ import annotations

import tomllib
from importlib import resources

from busbar.console.rule_words import CHOICES, name_value


def shipped_choices() -> set[str]:
    """Every value of the shipped rule sets that is no figure."""
    text = (resources.files("busbar.pricing") / "seed" / "rule_sets.toml").read_text("utf-8")
    versions = [v for figure in tomllib.loads(text)["figure"] for v in figure["version"]]
    values = [v["value"] if isinstance(v["value"], list) else [v["value"]] for v in versions]
    return {value for row in values for value in row if isinstance(value, str)}


class TestChoices:
    def test_all_that_ship_have_words(self) -> None:
        assert shipped_choices() - CHOICES.keys() == set()

    def test_are_read_as_words(self) -> None:
        assert name_value("quarter") == "季度首日"
