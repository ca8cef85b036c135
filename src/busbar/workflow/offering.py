"""Fields whose choices come from the registers: the form as somebody is offered it at a moment.

A field with `choice_from` names a list that a room registered. `offer` asks every list once and
returns the form with the choices in place, so that face, check and schema know one kind of choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from busbar.kit.errors import Refusal
from busbar.workflow import registry
from busbar.workflow.forms import Form, FormField
from busbar.workflow.registry import Asking

Labels = dict[str, dict[str, str]]
"""Label by value, by the field's path: `field`, or `table.column`."""


class UnableToOfferChoices(Refusal):
    """A form names a list to choose from that no room registered."""


def offer(form: Form, asking: Asking) -> Form:
    """The form with its lists filled; a list is asked once, however many fields name it."""

    @cache
    def listed(name: str) -> tuple[tuple[str, str], ...]:
        choices = registry.get_choices(name)
        if choices is None:
            raise UnableToOfferChoices("没有登记可选列表“%(name)s”，请联系系统管理员", name=name)
        return tuple(choices(asking))

    def filled(field: FormField) -> FormField:
        if field.choice_from:
            return replace(field, choices=listed(field.choice_from))
        if field.columns:
            return replace(field, columns=tuple(map(filled, field.columns)))
        return field

    return replace(form, fields=tuple(map(filled, form.fields)))


def list_sources(form: Form) -> Iterator[tuple[str, str]]:
    """Path and list of every field whose choices come from the registers."""
    for path, field in _paths(form.fields):
        if field.choice_from:
            yield path, field.choice_from


def labels_of(form: Form, values: Mapping[str, Any]) -> Labels:
    """What the chosen values were called when they were offered; the registers may change."""
    kept: Labels = {}
    for path, field in _paths(form.fields):
        chosen = set(_chosen(path, values)) if field.choice_from else set()
        if known := {value: label for value, label in field.choices if value in chosen}:
            kept[path] = known
    return kept


def _paths(fields: Iterable[FormField], before: str = "") -> Iterator[tuple[str, FormField]]:
    for field in fields:
        yield f"{before}{field.name}", field
        yield from _paths(field.columns, f"{field.name}.")


def _chosen(path: str, values: Mapping[str, Any]) -> Iterator[str]:
    name, _, column = path.partition(".")
    answered: Any = values.get(name) or []
    for part in answered if isinstance(answered, list) else [answered]:
        yield str(part[column] if column else part)
