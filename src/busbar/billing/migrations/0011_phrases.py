from django.db import migrations, models
from django.db.models import F, Q, TextField, Value
from django.db.models.functions import Cast, JSONObject

import busbar.access.phrases
import busbar.kit.phrases


def keep_as_said(apps, schema_editor):
    """What was said so far stays as it was said, in Chinese."""
    for name, column in (("BillRefusal", "reason"), ("OutdatedBill", "refusal")):
        rows = apps.get_model("billing", name).objects.exclude(words="")
        sentence = Cast(Value("%(text)s"), TextField())
        words = JSONObject(text=Cast(F("words"), TextField()))
        rows.update(**{column: JSONObject(sentence=sentence, values=words)})


def say_in_chinese(apps, schema_editor):
    """The way back: the words of the day."""
    for name, column in (("BillRefusal", "reason"), ("OutdatedBill", "refusal")):
        for row in apps.get_model("billing", name).objects.iterator():
            row.words = str(getattr(row, column))[:300]
            row.save(update_fields=["words"])


class Migration(migrations.Migration):
    dependencies = [("billing", "0010_tried_in_vain")]

    operations = [
        migrations.RemoveConstraint("billrefusal", "bill_refusal_says_why"),
        migrations.RemoveConstraint("outdatedbill", "outdated_bill_amount_or_refusal"),
        migrations.RemoveConstraint("outdatedbill", "outdated_bill_tried_in_vain"),
        migrations.RenameField("billrefusal", "reason", "words"),
        migrations.RenameField("outdatedbill", "refusal", "words"),
        # With a default, so that the way back can put the columns in again.
        migrations.AlterField("billrefusal", "words", models.CharField(max_length=300, default="")),
        migrations.AlterField("outdatedbill", "words", models.CharField(max_length=300, default="")),
        migrations.AddField(
            "billrefusal",
            "reason",
            busbar.access.phrases.PhraseField(default=busbar.kit.phrases.nothing),
            preserve_default=False,
        ),
        migrations.AddField(
            "outdatedbill",
            "refusal",
            busbar.access.phrases.PhraseField(default=busbar.kit.phrases.nothing),
        ),
        migrations.RunPython(keep_as_said, say_in_chinese),
        migrations.RemoveField("billrefusal", "words"),
        migrations.RemoveField("outdatedbill", "words"),
        migrations.AddConstraint(
            "billrefusal",
            models.CheckConstraint(condition=~Q(reason__sentence=""), name="bill_refusal_says_why"),
        ),
        migrations.AddConstraint(
            "outdatedbill",
            models.CheckConstraint(
                condition=Q(amount_now__isnull=False, refusal__sentence="")
                | (Q(amount_now__isnull=True) & ~Q(refusal__sentence="")),
                name="outdated_bill_amount_or_refusal",
            ),
        ),
        migrations.AddConstraint(
            "outdatedbill",
            models.CheckConstraint(
                condition=Q(tried_at__isnull=True) | ~Q(refusal__sentence=""),
                name="outdated_bill_tried_in_vain",
            ),
        ),
    ]
