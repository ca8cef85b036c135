from calendar import monthrange
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import migrations, models


def state_moments(apps, schema_editor):
    """Every assessment so far rests on what was known at the end of its run's month."""
    rows = apps.get_model("key_accounts", "StageAssessment").objects
    for run in apps.get_model("key_accounts", "RecognitionRun").objects.only("month"):
        year, month = (int(part) for part in run.month.split("-"))
        last = datetime(year, month, monthrange(year, month)[1], tzinfo=ZoneInfo("Asia/Shanghai"))
        rows.filter(run=run).update(as_of=last + timedelta(days=1))


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0003_group_head'),
        ('key_accounts', '0002_order_of_pages'),
    ]

    operations = [
        migrations.AddField(
            model_name='stageassessment',
            name='as_of',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='stageassessment',
            name='is_current',
            field=models.BooleanField(default=True),
        ),
        migrations.RunPython(state_moments, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='stageassessment',
            name='as_of',
            field=models.DateTimeField(),
        ),
        migrations.RemoveConstraint(
            model_name='stageassessment',
            name='stage_once',
        ),
        migrations.AddConstraint(
            model_name='stageassessment',
            constraint=models.UniqueConstraint(fields=('run', 'customer', 'as_of'), name='stage_once'),
        ),
        migrations.AddConstraint(
            model_name='stageassessment',
            constraint=models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('run', 'customer'), name='stage_current_once'),
        ),
        migrations.RemoveIndex(
            model_name='stageassessment',
            name='stage_warned',
        ),
        migrations.RemoveIndex(
            model_name='stageassessment',
            name='stage_stage',
        ),
        migrations.AddIndex(
            model_name='stageassessment',
            index=models.Index(condition=models.Q(('is_current', True)), fields=['run', '-warning_count', '-annual_revenue_yuan', 'id'], name='stage_warned'),
        ),
        migrations.AddIndex(
            model_name='stageassessment',
            index=models.Index(condition=models.Q(('is_current', True)), fields=['run', 'stage', '-warning_count', '-annual_revenue_yuan', 'id'], name='stage_stage'),
        ),
    ]
