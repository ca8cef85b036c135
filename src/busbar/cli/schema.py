"""The tables of an empty database, made at once as the migrations leave them.

Replaying every migration draws all models anew after each of its operations, which takes a minute
or two; here they are drawn once, where the replay ends. A test holds both ways against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

Guard = Callable[[BaseDatabaseWrapper], None]


def is_empty(connection: BaseDatabaseWrapper) -> bool:
    """Whether the database holds no table at all."""
    return not connection.introspection.table_names()


def create_tables(connection: BaseDatabaseWrapper, guards: Sequence[Guard]) -> None:
    """Every table with its indexes, constraints and guards; every migration noted as done.

    One transaction: a stop half-way leaves the database empty.
    """
    recorder, loader = MigrationRecorder(connection), MigrationLoader(None)
    models: list[type[Model]] = [recorder.Migration, *loader.project_state().apps.get_models()]
    with connection.schema_editor() as editor:
        for model in models:
            if model._meta.can_migrate(connection):  # noqa: SLF001 - Django's own way to ask
                editor.create_model(model)
        recorder.migration_qs.bulk_create(
            recorder.Migration(app=app, name=name) for app, name in loader.disk_migrations
        )
        for guard in guards:
            guard(connection)
