"""Bills are released to the customers; those issued before count as released when issued."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def release_what_was_issued(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Until now a bill was the customer's as soon as it was issued."""
    bills = apps.get_model("billing", "Bill").objects.using(schema_editor.connection.alias)
    bills.update(released_at=models.F("issued_at"))


class Migration(migrations.Migration):

    dependencies = [
        ("billing", "0003_corrections"),
    ]

    operations = [
        migrations.AddField(
            model_name="bill",
            name="released_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="billfinding",
            name="reviewed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="billfinding",
            name="reviewed_by",
            field=models.CharField(blank=True, default="", max_length=150),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="billfinding",
            name="review_note",
            field=models.CharField(blank=True, default="", max_length=300),
            preserve_default=False,
        ),
        migrations.RunPython(release_what_was_issued, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="bill",
            constraint=models.CheckConstraint(
                condition=models.Q(("released_at__isnull", True))
                | models.Q(("released_at__gte", models.F("issued_at"))),
                name="bill_released_after_issue",
            ),
        ),
        migrations.AddIndex(
            model_name="bill",
            index=models.Index(
                condition=models.Q(("is_current", True), ("released_at__isnull", True)),
                fields=["month", "id"],
                name="bill_unreleased",
            ),
        ),
        migrations.AddConstraint(
            model_name="billfinding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("review_note", ""), ("reviewed_at__isnull", True), ("reviewed_by", "")
                )
                | (
                    models.Q(("reviewed_at__isnull", False))
                    & ~models.Q(("reviewed_by", ""))
                    & ~models.Q(("review_note", ""))
                ),
                name="bill_finding_review_whole",
            ),
        ),
    ]
