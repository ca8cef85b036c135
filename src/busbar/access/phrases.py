"""A column for what the program says: kept by its sentence, told in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from busbar.kit.errors import Phrase
from busbar.kit.phrases import keep, recall

if TYPE_CHECKING:
    _JSONField = models.JSONField[Phrase, Phrase]
else:
    _JSONField = models.JSONField


class PhraseField(_JSONField):
    """A `Phrase`, also where a refusal is given; `nothing` where nothing is said."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """The phrase that was kept; a part of it where a query asked for one."""
        kept = super().from_db_value(value, expression, connection)
        return recall(kept) if isinstance(kept, dict) and "sentence" in kept else kept

    def to_python(self, value: Any) -> Any:
        """The phrase, also of what a dump of the data holds."""
        return recall(value) if isinstance(value, dict) else value

    def get_prep_value(self, value: Any) -> Any:
        """What the database keeps."""
        return super().get_prep_value(keep(value) if isinstance(value, Phrase) else value)

    def value_to_string(self, obj: models.Model) -> Any:
        """For dumps of the data."""
        return keep(self.value_from_object(obj))
