"""Accounts of a customer: site, sources, transformers, usage points, agreements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np

from busbar.demo import sizing as sizes
from busbar.demo.grid import KV10
from busbar.demo.names import Place, account_number, parts, places
from busbar.demo.organization import station_code
from busbar.demo.parameters import Parameters
from busbar.demo.shapes import BY_CODE
from busbar.demo.sizing import Sizing
from busbar.demo.values import Account, Feeder, Grid, Load, Source, UsagePoint

SOURCES_BY_GRADE = {"special": 3, "first": 2, "second": 2}
_HOW_MANY = ((1, 2, 3, 4, 5, 6), (0.45, 0.30, 0.12, 0.07, 0.04, 0.02))
_USES = ("生产", "办公", "宿舍", "研发楼", "仓储", "动力站")
ELSEWHERE_SHARE, TWO_POINTS_SHARE = 0.15, 0.12


class AccountBuilder:
    """Numbers accounts, points and meters through the whole region."""

    def __init__(self, parameters: Parameters, grid: Grid) -> None:
        self._parameters = parameters
        self._serial = 0
        self._points = 0
        self._feeders: dict[tuple[int, str], list[Feeder]] = {}
        for feeder in grid.feeders:
            self._feeders.setdefault((feeder.county, str(feeder.voltage_kv)), []).append(feeder)

    def build(
        self,
        draws: np.random.Generator,
        customer: str,
        kind: str,
        shape: str,
        place: Place,
        grade: str,
    ) -> Iterator[Account]:
        """The customer's accounts: the main one first, some of the others in another county."""
        for ordinal in range(int(draws.choice(_HOW_MANY[0], p=_HOW_MANY[1]))):
            here, own_shape = place, shape
            if ordinal and draws.random() < ELSEWHERE_SHARE:
                here = places()[int(draws.integers(len(places())))]
            if ordinal and draws.random() < 0.5:  # noqa: PLR2004 - half of them are offices
                own_shape = "school" if shape == "school" else "office"
            name = customer if ordinal == 0 else f"{customer}({_USES[ordinal]})"
            wanted = SOURCES_BY_GRADE.get(grade, 1) if ordinal == 0 else 1
            yield self._account(draws, name, kind, own_shape, here, wanted, is_main=ordinal == 0)

    def _account(
        self,
        draws: np.random.Generator,
        name: str,
        kind: str,
        shape: str,
        place: Place,
        sources: int,
        *,
        is_main: bool,
    ) -> Account:
        self._serial += 1
        number = account_number(place.city, place.county, self._serial)
        sizing = sizes.draw_sizing(draws, shape, is_main=is_main)
        transformers = sizes.draw_transformers(draws, self._parameters, number, sizing)
        peak_kw = sizes.peak_kw(draws, shape, sizing)
        terms = sizes.draw_terms(draws, shape, kind, sizing)
        feeds = self._sources(draws, place, sizing, sources)
        road = parts()["roads"][int(draws.integers(len(parts()["roads"])))]
        return Account(
            number=number,
            name=name,
            unit=station_code(place, self._serial),
            county=place.county,
            address=f"{place.city_name}{place.name}{road}{int(draws.integers(1, 300))}号",
            opened_on=min(t.installed_on for t in transformers) - dt.timedelta(days=10),
            closed_on=None,
            origin="演示数据",
            site_code=f"S{self._serial:06d}",
            site_name=f"{name}用电地址",
            sources=feeds,
            transformers=transformers,
            points=tuple(
                self._usage_point(name, ordinal, share, sizing, load, draws)
                for ordinal, share, load in _loads(draws, shape, place, peak_kw, len(feeds))
            ),
            agreements=sizes.draw_agreements(
                draws, self._parameters, number, terms, sizing, peak_kw
            ),
        )

    def _sources(
        self, draws: np.random.Generator, place: Place, sizing: Sizing, wanted: int
    ) -> tuple[Source, ...]:
        """The main feed at the account's voltage; backups from other substations at 10 kV."""
        main_lines = self._feeders[place.county, str(sizing.voltage_kv)]
        main = main_lines[int(draws.integers(len(main_lines)))]
        found = [Source(main.code, "main", main.voltage_kv, sizing.capacity_kva)]
        used = {main.substation}
        lines = self._feeders[place.county, str(KV10)]
        for line in (lines[int(p)] for p in draws.permutation(len(lines))):
            if len(found) >= wanted:
                break
            enough = len(used) >= 2  # noqa: PLR2004 - two substations are what the grade asks
            if line.code != main.code and (enough or line.substation not in used):
                used.add(line.substation)
                backup = min(sizing.capacity_kva, line.capacity_kva)
                found.append(Source(line.code, "backup", line.voltage_kv, backup))
        return tuple(found)

    def _usage_point(
        self,
        name: str,
        ordinal: int,
        share: float,
        sizing: Sizing,
        load: Load,
        draws: np.random.Generator,
    ) -> UsagePoint:
        self._points += 1
        return UsagePoint(
            number=f"JLD{self._points:07d}",
            name=f"{name}计量点{ordinal}",
            voltage_kv=sizing.voltage_kv,
            side=sizing.side,
            installations=sizes.draw_installations(
                draws, self._parameters, self._points, sizing, share
            ),
            load=load,
            serial=self._points,
        )


def _loads(
    draws: np.random.Generator, shape: str, place: Place, peak_kw: float, feeds: int
) -> Iterator[tuple[int, float, Load]]:
    """One usage point, or two that share the load 62 to 38."""
    two = feeds > 1 or draws.random() < TWO_POINTS_SHARE
    for ordinal, share in enumerate((0.62, 0.38) if two else (1.0,), 1):
        yield ordinal, share, _load(draws, shape, place, peak_kw * share)


def _load(draws: np.random.Generator, shape: str, place: Place, peak_kw: float) -> Load:
    usual = BY_CODE[shape].power_factor
    factor = usual - 0.08 if draws.random() < 0.12 else usual + draws.normal(0, 0.015)  # noqa: PLR2004
    return Load(
        shape=shape,
        peak_kw=round(peak_kw, 2),
        power_factor=round(float(np.clip(factor, 0.72, 0.99)), 4),
        compensates=bool(draws.random() < 0.3),  # noqa: PLR2004 - fixed capacitors, no switching
        growth_per_year=round(float(np.clip(draws.normal(0.02, 0.09), -0.3, 0.4)), 4),
        city=place.city,
    )
