import django.core.serializers.json
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('access', '0002_user_name_in_any_case'),
        ('clocks', '0002_limits_and_clocks'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProcessDefinition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=60, unique=True)),
                ('name', models.CharField(max_length=100)),
                ('room', models.CharField(max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name='ProcessVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('files', models.JSONField()),
                ('sha256', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('draft', '草稿'), ('published', '已发布'), ('retired', '已停用')], default='draft', max_length=10)),
                ('effective_from', models.DateField(blank=True, null=True)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('is_shipped', models.BooleanField(default=False)),
                ('uploaded_at', models.DateTimeField()),
                ('uploaded_by', models.CharField(max_length=150)),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('published_by', models.CharField(blank=True, max_length=150)),
                ('definition', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='workflow.processdefinition')),
            ],
            options={
                'indexes': [models.Index(fields=['definition', 'state', 'effective_from'], name='version_in_force')],
                'constraints': [models.UniqueConstraint(fields=('definition', 'number'), name='version_number'), models.UniqueConstraint(fields=('definition', 'sha256'), name='version_content_once'), models.CheckConstraint(condition=models.Q(('state', 'draft'), models.Q(('effective_from__isnull', False), ('published_at__isnull', False)), _connector='OR'), name='version_published_says_since_when')],
            },
        ),
        migrations.CreateModel(
            name='ProcessInstance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject_type', models.CharField(max_length=60)),
                ('subject_id', models.BigIntegerField()),
                ('subject_label', models.CharField(blank=True, max_length=200)),
                ('customer_id', models.BigIntegerField(blank=True, null=True)),
                ('state', models.CharField(choices=[('running', '办理中'), ('completed', '已办结'), ('cancelled', '已终止')], default='running', max_length=10)),
                ('stage', models.PositiveSmallIntegerField(default=0)),
                ('started_at', models.DateTimeField()),
                ('started_by', models.CharField(max_length=150)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('end_reason', models.CharField(blank=True, max_length=500)),
                ('state_blob', models.BinaryField()),
                ('facts', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('revision', models.PositiveIntegerField(default=1)),
                ('definition', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflow.processdefinition')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.organizationunit')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='instances', to='workflow.processversion')),
            ],
            options={
                'indexes': [models.Index(fields=['subject_type', 'subject_id', 'started_at'], name='process_subject'), models.Index(fields=['unit', 'state', 'started_at'], name='process_unit'), models.Index(fields=['customer_id', 'started_at'], name='process_customer'), models.Index(fields=['definition', 'state', 'started_at'], name='process_definition')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'running')), fields=('definition', 'subject_type', 'subject_id'), name='process_runs_once'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state', 'running')), models.Q(('ended_at__isnull', False), ('state__in', ['completed', 'cancelled'])), _connector='OR'), name='process_that_ended_says_when')],
            },
        ),
        migrations.CreateModel(
            name='ProcessWait',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('spiff_id', models.UUIDField()),
                ('element', models.CharField(max_length=100)),
                ('title', models.CharField(max_length=200)),
                ('message', models.CharField(max_length=100)),
                ('opened_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='waits', to='workflow.processinstance')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='process_wait_due'), models.Index(fields=['message', 'instance'], name='process_wait_message')],
                'constraints': [models.UniqueConstraint(fields=('instance', 'spiff_id', 'element'), name='process_wait_once')],
            },
        ),
        migrations.CreateModel(
            name='UserTask',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('spiff_id', models.UUIDField()),
                ('element', models.CharField(max_length=100)),
                ('title', models.CharField(max_length=200)),
                ('stage', models.PositiveSmallIntegerField(default=0)),
                ('role', models.CharField(max_length=30)),
                ('party', models.CharField(default='department', max_length=12)),
                ('customer_id', models.BigIntegerField(blank=True, null=True)),
                ('state', models.CharField(choices=[('open', '待领取'), ('claimed', '办理中'), ('completed', '已办理'), ('returned', '已退回'), ('withdrawn', '已撤销'), ('silent', '逾期视同同意')], default='open', max_length=10)),
                ('form', models.CharField(max_length=60)),
                ('outcome', models.CharField(blank=True, max_length=60)),
                ('data', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('silent', models.CharField(blank=True, max_length=60)),
                ('created_at', models.DateTimeField()),
                ('claimed_at', models.DateTimeField(blank=True, null=True)),
                ('completed_at', models.DateTimeField(blank=True, null=True)),
                ('completed_by', models.CharField(blank=True, max_length=150)),
                ('completed_by_id', models.BigIntegerField(blank=True, null=True)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('sort_at', models.DateTimeField()),
                ('clock', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clocks.clock')),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tasks', to='workflow.processinstance')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.employee')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.organizationunit')),
            ],
            options={
                'indexes': [models.Index(fields=['unit', 'state', 'sort_at', 'id'], name='task_unit_due'), models.Index(fields=['owner', 'state', 'sort_at', 'id'], name='task_owner_due'), models.Index(fields=['instance', 'created_at'], name='task_instance'), models.Index(fields=['clock'], name='task_clock'), models.Index(fields=['state', 'due_at'], name='task_due'), models.Index(fields=['unit', 'completed_at'], name='task_unit_completed'), models.Index(fields=['completed_by_id', 'completed_at', 'id'], name='task_done_by')],
                'constraints': [models.UniqueConstraint(fields=('instance', 'spiff_id'), name='task_once'), models.CheckConstraint(condition=models.Q(models.Q(('completed_at__isnull', True), ('state__in', ['open', 'claimed'])), models.Q(('completed_at__isnull', False), ('state__in', ['completed', 'returned', 'withdrawn', 'silent'])), _connector='OR'), name='task_that_ended_says_when'), models.CheckConstraint(condition=models.Q(('done_at__isnull', True), ('done_at__lte', models.F('completed_at')), _connector='OR'), name='task_done_before_recorded'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'claimed'), _negated=True), ('owner__isnull', False), _connector='OR'), name='task_claimed_has_owner')],
            },
        ),
        migrations.CreateModel(
            name='ProcessComment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('written_at', models.DateTimeField()),
                ('written_by', models.CharField(max_length=150)),
                ('written_by_id', models.BigIntegerField(blank=True, null=True)),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comments', to='workflow.processinstance')),
            ],
            options={
                'indexes': [models.Index(fields=['instance', 'written_at'], name='process_comment_instance')],
            },
        ),
        migrations.CreateModel(
            name='TaskTransfer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('claimed', '领取'), ('released', '放回'), ('handed_over', '转办')], max_length=12)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('at', models.DateTimeField()),
                ('by', models.CharField(max_length=150)),
                ('from_owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.employee')),
                ('to_owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.employee')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='transfers', to='workflow.usertask')),
            ],
            options={
                'indexes': [models.Index(fields=['task', 'at'], name='transfer_task')],
            },
        ),
        migrations.CreateModel(
            name='TaskAttachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.CharField(max_length=60)),
                ('title', models.CharField(max_length=200)),
                ('file_name', models.CharField(max_length=255)),
                ('content_type', models.CharField(max_length=100)),
                ('sha256', models.CharField(db_index=True, max_length=64)),
                ('size_bytes', models.BigIntegerField()),
                ('uploaded_at', models.DateTimeField()),
                ('uploaded_by', models.CharField(max_length=150)),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='workflow.usertask')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('task', 'field', 'sha256'), name='task_attachment_once')],
            },
        ),
        migrations.CreateModel(
            name='SupervisionFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('late', '超期'), ('skipped', '未办越过'), ('back_dated', '补录'), ('returned', '退回'), ('silent', '逾期视同同意'), ('proxy', '代签')], max_length=12)),
                ('customer_id', models.BigIntegerField(blank=True, null=True)),
                ('person', models.CharField(blank=True, max_length=150)),
                ('note', models.CharField(blank=True, max_length=600)),
                ('found_at', models.DateTimeField()),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='workflow.processinstance')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.organizationunit')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='workflow.usertask')),
            ],
            options={
                'indexes': [models.Index(fields=['unit', 'found_at', 'id'], name='finding_unit'), models.Index(fields=['kind', 'found_at', 'id'], name='finding_kind'), models.Index(fields=['found_at', 'id'], name='finding_found')],
                'constraints': [models.UniqueConstraint(fields=('task', 'kind'), name='finding_once')],
            },
        ),
        migrations.CreateModel(
            name='Consultation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('question', models.CharField(max_length=1000)),
                ('asked_at', models.DateTimeField()),
                ('asked_by', models.CharField(max_length=150)),
                ('answer', models.TextField(blank=True)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('asked', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.employee')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.organizationunit')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='consultations', to='workflow.usertask')),
            ],
            options={
                'indexes': [models.Index(fields=['asked', 'answered_at', 'asked_at'], name='consultation_asked'), models.Index(fields=['task', 'asked_at'], name='consultation_task')],
            },
        ),
    ]
