"""Regions that the demonstration's tests share; building one takes half a second."""

from __future__ import annotations

import pytest

from busbar.demo.parameters import Parameters
from busbar.demo.region import build_region
from busbar.demo.values import Region


@pytest.fixture(scope="session")
def default_parameters() -> Parameters:
    return Parameters()


@pytest.fixture(scope="session")
def default_region(default_parameters: Parameters) -> Region:
    return build_region(default_parameters)


@pytest.fixture(scope="session")
def small_parameters() -> Parameters:
    return Parameters(customers=12, months=2)


@pytest.fixture(scope="session")
def small_region(small_parameters: Parameters) -> Region:
    return build_region(small_parameters)
