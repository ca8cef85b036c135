from django.db import migrations, models
from django.db.models import F, TextField, Value
from django.db.models.functions import Cast, JSONObject

import busbar.access.phrases
import busbar.kit.phrases

_COLUMNS = (
    ("RowError", "expectation", 300),
    ("ImportFile", "message", 500),
    ("ImportRun", "message", 500),
)


def keep_as_said(apps, schema_editor):
    """What was said so far stays as it was said, in Chinese."""
    for name, column, _most in _COLUMNS:
        rows = apps.get_model("imports", name).objects.exclude(words="")
        sentence = Cast(Value("%(text)s"), TextField())
        words = JSONObject(text=Cast(F("words"), TextField()))
        rows.update(**{column: JSONObject(sentence=sentence, values=words)})


def say_in_chinese(apps, schema_editor):
    """The way back: the words of the day."""
    for name, column, most in _COLUMNS:
        for row in apps.get_model("imports", name).objects.iterator():
            row.words = str(getattr(row, column))[:most]
            row.save(update_fields=["words"])


def _renamed(model, column, most):
    """The column of before under another name, with a default for the way back."""
    words = models.CharField(max_length=most, default="")
    phrase = busbar.access.phrases.PhraseField(default=busbar.kit.phrases.nothing)
    return [
        migrations.RenameField(model.lower(), column, "words"),
        migrations.AlterField(model.lower(), "words", words),
        migrations.AddField(model.lower(), column, phrase),
    ]


class Migration(migrations.Migration):
    dependencies = [("imports", "0004_metering_kind")]

    operations = [
        *(step for column in _COLUMNS for step in _renamed(*column)),
        migrations.RunPython(keep_as_said, say_in_chinese),
        *(migrations.RemoveField(model.lower(), "words") for model, _column, _most in _COLUMNS),
    ]
