"""The database itself refuses to change or remove journal entries."""

from django.db import migrations

from busbar.journal import immutability


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]
    operations = [
        migrations.RunPython(
            lambda apps, editor: immutability.install(editor.connection),
            lambda apps, editor: immutability.remove(editor.connection),
        )
    ]
