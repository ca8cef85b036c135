"""Models looked at without knowing them: the ways Django documents, in one place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models

Model = type[models.Model]


def our_models() -> Iterator[Model]:
    """Every model of the house, in the order of the rooms."""
    everyone = apps.get_models(include_auto_created=True)
    return (model for model in everyone if model.__module__.startswith("busbar."))


def label_of(model: Model) -> str:
    """`app.Model`, by which `model_named` finds it again."""
    return str(model._meta.label)  # noqa: SLF001 - Django's public model API


def model_named(label: str) -> Model:
    """The model of the label."""
    return apps.get_model(label)


def rows_of(model: Model) -> Any:
    """All its rows, whatever its own manager leaves out."""
    return model._base_manager.all()  # noqa: SLF001 - Django's documented way to a model's rows


def columns_of(model: Model) -> list[Any]:
    """Its fields that are columns."""
    return list(model._meta.local_concrete_fields)  # noqa: SLF001 - Django's public model API


def relations_to(model: Model, target: Model) -> list[Any]:
    """Its columns that are keys of the target."""
    return [c for c in columns_of(model) if c.remote_field and c.related_model is target]


def unique_constraints(model: Model) -> Iterator[models.UniqueConstraint]:
    """What may stand only once."""
    for constraint in model._meta.constraints:  # noqa: SLF001 - Django's public model API
        if isinstance(constraint, models.UniqueConstraint):
            yield constraint


def column_named(model: Model, name: str) -> str:
    """The attribute that holds the field's column: `customer_id` for `customer`."""
    field: Any = model._meta.get_field(name)  # noqa: SLF001 - Django's public model API
    return str(field.attname)
