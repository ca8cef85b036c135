"""The database itself refuses unbalanced, late and changed ledger rows."""

from django.db import migrations

from busbar.payments import guards


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]
    operations = [
        migrations.RunPython(
            lambda apps, editor: guards.install(editor.connection),
            lambda apps, editor: guards.remove(editor.connection),
        )
    ]
