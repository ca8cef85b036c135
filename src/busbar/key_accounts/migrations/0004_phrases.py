from django.db import migrations, models
from django.db.models import F, TextField, Value
from django.db.models.functions import Cast, JSONObject

import busbar.access.phrases
import busbar.kit.phrases

_COLUMNS = (("OrderStep", "text", 1000), ("ServiceDue", "cause", 200))


def keep_as_said(apps, schema_editor):
    """What was said so far stays as it was said, in Chinese."""
    for name, column, _most in _COLUMNS:
        rows = apps.get_model("key_accounts", name).objects.exclude(words="")
        sentence = Cast(Value("%(text)s"), TextField())
        words = JSONObject(text=Cast(F("words"), TextField()))
        rows.update(**{column: JSONObject(sentence=sentence, values=words)})


def say_in_chinese(apps, schema_editor):
    """The way back: the words of the day."""
    for name, column, most in _COLUMNS:
        for row in apps.get_model("key_accounts", name).objects.iterator():
            row.words = str(getattr(row, column))[:most]
            row.save(update_fields=["words"])


class Migration(migrations.Migration):
    dependencies = [("key_accounts", "0003_daily_assessments")]

    operations = [
        migrations.RenameField("orderstep", "text", "words"),
        migrations.RenameField("servicedue", "cause", "words"),
        # With a default, so that the way back can put the columns in again.
        migrations.AlterField("orderstep", "words", models.CharField(max_length=1000, default="")),
        migrations.AlterField("servicedue", "words", models.CharField(max_length=200, default="")),
        migrations.AddField(
            "orderstep",
            "text",
            busbar.access.phrases.PhraseField(default=busbar.kit.phrases.nothing),
        ),
        migrations.AddField(
            "servicedue",
            "cause",
            busbar.access.phrases.PhraseField(default=busbar.kit.phrases.nothing),
        ),
        migrations.RunPython(keep_as_said, say_in_chinese),
        migrations.RemoveField("orderstep", "words"),
        migrations.RemoveField("servicedue", "words"),
    ]
