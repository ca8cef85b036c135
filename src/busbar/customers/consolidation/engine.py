"""Weighing pairs with Splink: in process on DuckDB, or on Spark when the archive is large."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from busbar.customers.consolidation.features import Features
from busbar.customers.consolidation.model import (
    BLOCKING,
    COMPARISONS,
    EM_RULES,
    SURE_RECALL,
    SURE_RULES,
    Comparison,
    Level,
    Parameters,
)

SEED = 20240601
"""Of every sampling: the same archive gives the same parameters."""
_MOST_PAIRS = 20_000_000
_COLUMNS = tuple(Features.__dataclass_fields__)
_LISTS = frozenset({"grams", "phones"})
_SMALLEST_M, _SMALLEST_U = 1e-3, 1e-6
"""A level never seen in training is rare, not impossible."""


@dataclass(frozen=True)
class Weight:
    """What one comparison adds to the match weight, in bits."""

    comparison: str
    level: str
    bits: float


@dataclass(frozen=True)
class ScoredPair:
    """Two entries with their match weight: the prior's and the sum of the comparisons', in bits."""

    left: str
    right: str
    bits: float
    probability: float
    weights: tuple[Weight, ...]


class Backend(Protocol):
    """Where Splink computes: `register` takes the entries, `rows` reads a result."""

    def register(self, table: pa.Table) -> Any:
        """The entries as Splink's frame."""

    def rows(self, frame: Any, columns: list[str]) -> Iterator[tuple[Any, ...]]:
        """The named columns of a result."""


class DuckdbBackend:
    """In process and in memory."""

    def __init__(self) -> None:
        import duckdb
        from splink.internals.duckdb.database_api import DuckDBAPI

        self._connection = duckdb.connect()
        self._api = DuckDBAPI(self._connection)

    def register(self, table: pa.Table) -> Any:
        """The entries, copied into a table of the connection."""
        self._connection.register("given_entries", table)
        self._connection.execute("CREATE OR REPLACE TABLE entries AS SELECT * FROM given_entries")
        return self._api.register("entries")

    def rows(self, frame: Any, columns: list[str]) -> Iterator[tuple[Any, ...]]:
        """Fetched whole: the result of a run fits into memory or is weighed on Spark."""
        sql = f"SELECT {', '.join(columns)} FROM {frame.physical_name}"  # noqa: S608 - our own names
        yield from self._connection.execute(sql).fetchall()


def train_from_labels(
    entries: Iterable[Features], *, backend: Backend | None = None, source: str
) -> Parameters:
    """m from entries whose customer is known, u from random pairs, the prior from both."""
    linker, table = _linker(list(entries), None, backend or DuckdbBackend())
    linker.training.estimate_u_using_random_sampling(max_pairs=_MOST_PAIRS, seed=SEED)
    linker.training.estimate_m_from_label_column("customer")
    return _read(linker, _partners_of(table), table.num_rows, source)


def train(
    entries: Iterable[Features], *, backend: Backend | None = None, source: str
) -> Parameters:
    """All parameters from an archive whose truth is unknown, by expectation maximisation.

    For large archives only: few entries hold too few pairs of one body.
    """
    linker, table = _linker(list(entries), None, backend or DuckdbBackend())
    rules = [_block(rule) for rule in SURE_RULES]
    linker.training.estimate_probability_two_random_records_match(rules, recall=SURE_RECALL)
    linker.training.estimate_u_using_random_sampling(max_pairs=_MOST_PAIRS, seed=SEED)
    for rule in EM_RULES:
        linker.training.estimate_parameters_using_expectation_maximisation(_block(rule))
    # Splink's settings object has no public reader of the prior.
    prior = linker._settings_obj._probability_two_random_records_match  # noqa: SLF001
    return _read(linker, float(prior) * (table.num_rows - 1), table.num_rows, source)


def score(
    entries: Iterable[Features],
    parameters: Parameters,
    *,
    least_bits: float,
    backend: Backend | None = None,
) -> list[ScoredPair]:
    """Pairs of entries of different customers that weigh at least so much, heaviest first."""
    chosen = list(entries)
    if len({entry.customer for entry in chosen}) < 2:  # noqa: PLR2004 - a pair has two
        return []
    where = backend or DuckdbBackend()
    linker, _table = _linker(chosen, parameters, where)
    found = linker.inference.predict(threshold_match_weight=least_bits)
    names = [c.key for c in COMPARISONS]
    columns = ["key_l", "key_r", "customer_l", "customer_r", "match_weight", "match_probability"]
    columns += [f"gamma_{name}" for name in names] + [f"mw_{name}" for name in names]
    pairs = [_pair(dict(zip(columns, row, strict=True))) for row in where.rows(found, columns)]
    kept = [pair for pair in pairs if pair is not None]
    return sorted(kept, key=lambda pair: (-pair.bits, pair.left, pair.right))


def _pair(row: dict[str, Any]) -> ScoredPair | None:
    if row["customer_l"] == row["customer_r"]:
        return None
    weights = tuple(_weight(comparison, row) for comparison in COMPARISONS)
    left, right = sorted((row["key_l"], row["key_r"]))
    return ScoredPair(
        left, right, float(row["match_weight"]), float(row["match_probability"]), weights
    )


def _weight(comparison: Comparison, row: dict[str, Any]) -> Weight:
    gamma = int(row[f"gamma_{comparison.key}"])
    level = "silent" if gamma < 0 else comparison.levels[len(comparison.levels) - 1 - gamma].key
    return Weight(comparison.key, level, float(row[f"mw_{comparison.key}"]))


def as_table(entries: Iterable[Features]) -> pa.Table:
    """The entries as Arrow columns."""
    rows = [entry.as_row() for entry in entries]
    kinds = {c: pa.list_(pa.string()) if c in _LISTS else pa.string() for c in _COLUMNS}
    return pa.table({c: pa.array([row[c] for row in rows], kinds[c]) for c in _COLUMNS})


def _linker(entries: list[Features], parameters: Parameters | None, backend: Backend) -> Any:
    # Loaded here: Splink and DuckDB take a second and only a run needs them.
    from splink import Linker

    logging.getLogger("splink").setLevel(logging.ERROR)
    table = as_table(entries)
    frame = backend.register(table)
    return Linker(frame, _settings(parameters, len(entries)), log_level=logging.ERROR), table


def _settings(parameters: Parameters | None, entries: int) -> Any:
    from splink import SettingsCreator

    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="key",
        comparisons=[_comparison(c, parameters) for c in COMPARISONS],
        blocking_rules_to_generate_predictions=[_block(rule) for rule in BLOCKING],
        probability_two_random_records_match=parameters.prior(entries) if parameters else 1e-4,
        additional_columns_to_retain=["customer"],
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=True,
    )


def _comparison(comparison: Comparison, parameters: Parameters | None) -> Any:
    import splink.comparison_level_library as levels
    from splink.comparison_library import CustomComparison

    known = parameters.levels[comparison.key] if parameters else {}
    silent = levels.CustomLevel(comparison.silence, base_dialect_str="duckdb")
    built: list[Any] = [silent.configure(is_null_level=True, label_for_charts="silent")]
    built += [_level(level, known.get(level.key)) for level in comparison.levels]
    return CustomComparison(comparison_levels=built, output_column_name=comparison.key)


def _level(level: Level, known: tuple[float, float] | None) -> Any:
    import splink.comparison_level_library as levels

    made = (
        levels.ElseLevel()
        if level.condition == "ELSE"
        else levels.CustomLevel(level.condition, base_dialect_str="duckdb")
    )
    more: dict[str, Any] = {"label_for_charts": level.key}
    if known:
        more |= {"m_probability": known[0], "u_probability": known[1]}
    return made.configure(**more)


def _block(columns: tuple[str, ...]) -> Any:
    from splink import block_on

    return block_on(*columns)


def _read(linker: Any, partners: float, entries: int, source: str) -> Parameters:
    settings = linker.misc.save_model_to_json()
    prior = partners / max(entries - 1, 1)
    levels = {
        comparison["output_column_name"]: {
            level["label_for_charts"]: _without_matches(level, prior)
            for level in comparison["comparison_levels"]
            if not level.get("is_null_level")
        }
        for comparison in settings["comparisons"]
    }
    return Parameters(levels, partners, source)


def _without_matches(level: dict[str, Any], prior: float) -> tuple[float, float]:
    """m and u. Random pairs hold some of one body, and where a level is rare these are most of
    it: what is left without them is u.
    """
    m, mixed = (float(level.get(f"{name}_probability") or 0) for name in ("m", "u"))
    return max(m, _SMALLEST_M), max((mixed - prior * m) / (1 - prior), _SMALLEST_U)


def _partners_of(table: pa.Table) -> float:
    """How many other entries of its customer an entry has on average."""
    counted = table.group_by("customer").aggregate([("key", "count")])["key_count"].to_pylist()
    return float(sum(n * (n - 1) for n in counted) / table.num_rows)
