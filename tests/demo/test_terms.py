"""The terms of the invented agreements are such as the form of the agreement takes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from busbar.connections.steps.registering import PROCESSES
from busbar.demo.year import building
from busbar.workflow import forms


def standards(package: str) -> set[str]:
    """What the form offers as power-factor standard, and the empty answer."""
    text = (PROCESSES / package / "forms.toml").read_text("utf-8")
    field = forms.parse_forms(text)["sign_agreement"].field("power_factor_standard")
    assert field is not None
    assert not field.required
    return {"", *(value for value, _ in field.choices)}


@pytest.mark.parametrize("package", ["connection_high_voltage", "connection_low_voltage"])
class TestPowerFactorStandard:
    @pytest.mark.parametrize("kva", [20, 99, 100, 800])
    def test_of_a_new_supply_is_one_that_the_form_takes(self, package: str, kva: int) -> None:
        assert building._standard_for(kva) in standards(package)

    @pytest.mark.parametrize(
        ("before", "existing_kva", "standard"),
        [("0.90", 500, "0.90"), ("", 500, "0.85"), ("none", 500, "0.85"), ("none", 30, "")],
    )
    def test_of_an_increase_is_the_standing_one_or_goes_by_capacity(
        self, package: str, before: str, existing_kva: int, standard: str
    ) -> None:
        sizes = SimpleNamespace(existing_kva=existing_kva, requested_kva=40)

        found = building._standing_standard(SimpleNamespace(application=sizes), before)

        assert found == standard
        assert found in standards(package)
