"""Keeping what a bill stood on: facts to and from JSON, rules and tariffs cited by content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from busbar.billing.models import Citation
from busbar.billing.rating import BillInput, PowerFactorTable, Rule, RuleSet, Tariff

_FACTS = TypeAdapter(BillInput)
_TARIFF = TypeAdapter(Tariff)
_RULE = TypeAdapter(Rule)
_BY_NAME = {"rule_set", "power_factor_table", "later_rule_sets"}
"""Parts of the input that the facts only name: they are dated data with their own home."""


class CitationBook:
    """Ids of citations by content, filled in bulk: one query to read, one to write, a batch."""

    def __init__(self) -> None:
        """Starts empty; remembers what it has seen, so a run cites a tariff once."""
        self._ids: dict[str, int] = {}
        self._digests: dict[int, tuple[object, str]] = {}

    def ensure(self, cited: Iterable[Rule | Tariff]) -> None:
        """Make sure that every one has an id."""
        contents = {self._digest(item): item for item in cited}
        unknown = {d: i for d, i in contents.items() if d not in self._ids}
        if not unknown:
            return
        rows = [Citation(digest=d, content=_content(i)) for d, i in unknown.items()]
        Citation.objects.bulk_create(rows, ignore_conflicts=True)
        found = Citation.objects.filter(digest__in=list(unknown)).values_list("digest", "pk")
        self._ids.update(dict(found))

    def id_of(self, item: Rule | Tariff) -> int:
        """The id of something that was ensured."""
        return self._ids[self._digest(item)]

    def _digest(self, item: Rule | Tariff) -> str:
        # Rules and tariffs are shared objects: hashing each once is what makes a run fast.
        known = self._digests.get(id(item))
        if known is not None and known[0] is item:
            return known[1]
        text = json.dumps(_content(item), sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self._digests[id(item)] = (item, digest)
        return digest


def dump_facts(facts: BillInput, book: CitationBook) -> dict[str, Any]:
    """The facts as JSON, tariffs replaced by citation ids, rule set and table by their codes."""
    excluded: Any = {**dict.fromkeys(_BY_NAME, True), "segments": {"__all__": {"tariff"}}}
    document: dict[str, Any] = _FACTS.dump_python(facts, mode="json", exclude=excluded)
    for segment, written in zip(facts.segments, document["segments"], strict=True):
        written["tariff"] = book.id_of(segment.tariff)
    document["rule_set"] = facts.rule_set.code
    document["power_factor_table"] = facts.power_factor_table.code
    document["later_rule_sets"] = [rule_set.code for rule_set in facts.later_rule_sets]
    return document


def load_facts(
    document: Mapping[str, Any],
    *,
    rule_sets: Sequence[RuleSet],
    power_factor_table: PowerFactorTable,
    tariffs: Mapping[int, Tariff] | None = None,
) -> BillInput:
    """The facts of a stored bill, ready to rate again.

    `rule_sets`: those of the month in order; they hold every set that the facts name. `tariffs`:
    those that it cites, by id, where many bills are loaded at once.
    """
    tariffs = map_tariffs([document]) if tariffs is None else tariffs
    segments = [{**s, "tariff": tariffs[s["tariff"]]} for s in document["segments"]]
    known = {rule_set.code: rule_set for rule_set in rule_sets}
    named = {
        "rule_set": known.get(document.get("rule_set", ""), rule_sets[0]),
        "power_factor_table": power_factor_table,
        "later_rule_sets": tuple(known[code] for code in document.get("later_rule_sets", ())),
    }
    return _FACTS.validate_python({**document, **named, "segments": segments})


def map_tariffs(documents: Iterable[Mapping[str, Any]]) -> dict[int, Tariff]:
    """The tariffs that stored facts cite, by id; one query."""
    ids = {segment["tariff"] for document in documents for segment in document["segments"]}
    rows = Citation.objects.in_bulk(list(ids))
    return {pk: _TARIFF.validate_python(row.content) for pk, row in rows.items()}


def map_rules(ids: Iterable[int]) -> dict[int, Rule]:
    """The cited rules by id; one query."""
    rows = Citation.objects.in_bulk(list(set(ids)))
    return {pk: _RULE.validate_python(row.content) for pk, row in rows.items()}


def _content(item: Rule | Tariff) -> dict[str, Any]:
    adapter: TypeAdapter[Any] = _RULE if isinstance(item, Rule) else _TARIFF
    content: dict[str, Any] = adapter.dump_python(item, mode="json")
    return content
