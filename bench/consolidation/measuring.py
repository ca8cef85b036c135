"""Precision, recall and F1 over pairs, and how often the heaviest candidate is the right one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from busbar.customers.consolidation.deciding import Decided, Thresholds, Verdict, decide
from busbar.customers.consolidation.engine import ScoredPair, score
from busbar.customers.consolidation.features import ArchiveEntry, make_features
from busbar.customers.consolidation.model import shipped_parameters
from busbar.customers.consolidation.quality import measure_pairs
from busbar.customers.consolidation.settings import shipped_thresholds

TOP_TARGET = 0.92


def measure_archive(archive: list[ArchiveEntry]) -> list[str]:
    """With all columns, and again without credit codes; every entry begins as its own customer."""
    told = []
    for name, entries in {
        "all columns": archive,
        "without credit codes": [replace(e, credit_code="") for e in archive],
    }.items():
        truth = {e.key: e.customer for e in entries}
        own = [replace(e, customer=e.key) for e in entries]
        pairs = score(map(make_features, own), shipped_parameters(), least_bits=-5)
        told.append(f"{name}: {_top_one(pairs, truth)}")
        told.append(f"{name}: {_decided(pairs, own, truth, shipped_thresholds())}")
    return told


def _top_one(pairs: list[ScoredPair], truth: Mapping[str, str]) -> str:
    partners = Counter(truth.values())
    asked = {key for key, body in truth.items() if partners[body] > 1}
    first: dict[str, str] = {}
    for pair in pairs:  # heaviest first
        first.setdefault(pair.left, pair.right)
        first.setdefault(pair.right, pair.left)
    right = sum(key in first and truth[first[key]] == truth[key] for key in asked)
    share = right / len(asked)
    return f"top-1 {share:.4f} of {len(asked)} entries with a partner (target {TOP_TARGET})"


def _decided(
    pairs: list[ScoredPair],
    entries: list[ArchiveEntry],
    truth: Mapping[str, str],
    thresholds: Thresholds,
) -> str:
    decided = decide(
        pairs,
        customer_of={e.key: e.key for e in entries},
        codes={e.key: e.credit_code for e in entries},
        thresholds=thresholds,
    )
    joined = [d for d in decided if d.verdict == Verdict.JOIN]
    asked = [d for d in decided if d.verdict == Verdict.ASK]
    yes = sum(truth[d.left] == truth[d.right] for d in asked)
    return (
        f"joined by itself {_f1(cluster(joined, truth), truth)}; "
        f"asked {len(asked)}, of which {yes} are one; "
        f"with right answers {_f1(cluster([*joined, *_right(asked, truth)], truth), truth)}"
    )


def _right(asked: list[Decided], truth: Mapping[str, str]) -> list[Decided]:
    return [d for d in asked if truth[d.left] == truth[d.right]]


def cluster(joined: Iterable[Decided], truth: Mapping[str, str]) -> dict[str, str]:
    """The body of each entry after the joins, by the name of one of its entries."""
    return cluster_pairs(((d.left, d.right) for d in joined), truth)


def cluster_pairs(pairs: Iterable[tuple[str, str]], keys: Iterable[str]) -> dict[str, str]:
    """Connected components."""
    top = {key: key for key in keys}

    def find(key: str) -> str:
        while top[key] != key:
            top[key] = top[top[key]]
            key = top[key]
        return key

    for left, right in pairs:
        top[find(right)] = find(left)
    return {key: find(key) for key in top}


def _f1(found: Mapping[str, str], truth: Mapping[str, str]) -> str:
    told = measure_pairs(found, truth)
    return f"precision {told.precision:.4f} recall {told.recall:.4f} F1 {told.f1:.4f}"
