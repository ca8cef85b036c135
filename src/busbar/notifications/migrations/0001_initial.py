import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('access', '0002_user_name_in_any_case'),
        ('customers', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='MessageTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=80, unique=True)),
                ('subject', models.CharField(max_length=200)),
                ('body', models.TextField()),
                ('urgency', models.CharField(choices=[('normal', '一般'), ('urgent', '紧急'), ('critical', '特急')], default='normal', max_length=10)),
                ('channels', models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(blank=True, max_length=200)),
                ('recipient_name', models.CharField(max_length=200)),
                ('kind', models.CharField(max_length=80)),
                ('urgency', models.CharField(choices=[('normal', '一般'), ('urgent', '紧急'), ('critical', '特急')], default='normal', max_length=10)),
                ('subject', models.CharField(max_length=200)),
                ('body', models.TextField()),
                ('subject_type', models.CharField(max_length=60)),
                ('subject_id', models.BigIntegerField()),
                ('subject_label', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField()),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('key', models.CharField(blank=True, max_length=120)),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='customers.contact')),
                ('customer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer')),
                ('employee', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.employee')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.organizationunit')),
            ],
            options={
                'indexes': [models.Index(fields=['employee', '-id'], name='message_inbox'), models.Index(condition=models.Q(('employee__isnull', False), ('read_at__isnull', True)), fields=['employee'], name='message_unread'), models.Index(fields=['subject_type', 'subject_id', 'id'], name='message_subject')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('key', ''), _negated=True), fields=('key',), name='message_key'), models.CheckConstraint(condition=models.Q(('contact__isnull', False), ('employee__isnull', False), _negated=True), name='message_to_one_person'), models.CheckConstraint(condition=models.Q(('read_at__isnull', True), ('employee__isnull', False), _connector='OR'), name='message_read_by_employee')],
            },
        ),
        migrations.CreateModel(
            name='QuietHours',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('in_app', '站内'), ('sms', '短信'), ('email', '邮件')], max_length=10, unique=True)),
                ('starts', models.TimeField()),
                ('ends', models.TimeField()),
                ('source', models.CharField(max_length=200)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('starts', models.F('ends')), _negated=True), name='quiet_hours_not_empty')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('in_app', '站内'), ('sms', '短信'), ('email', '邮件')], max_length=10)),
                ('address', models.CharField(blank=True, max_length=200)),
                ('key', models.UUIDField(unique=True)),
                ('state', models.CharField(choices=[('queued', '待发送'), ('sending', '发送中'), ('sent', '已发送'), ('failed', '失败待重试'), ('given_up', '已放弃')], default='queued', max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_try_at', models.DateTimeField(blank=True, null=True)),
                ('gateway_reference', models.CharField(blank=True, max_length=200)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('error', models.CharField(blank=True, max_length=500)),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='notifications.message')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('next_try_at__isnull', False)), fields=['next_try_at', 'id'], name='delivery_due')],
                'constraints': [models.UniqueConstraint(fields=('message', 'channel'), name='delivery_once_a_channel'), models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state', 'sent')), models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at__isnull', True)), _connector='OR'), name='delivery_sent_says_when'), models.CheckConstraint(condition=models.Q(models.Q(('next_try_at__isnull', True), ('state__in', ['sent', 'given_up'])), models.Q(('next_try_at__isnull', False), ('state__in', ['queued', 'sending', 'failed'])), _connector='OR'), name='delivery_waiting_says_until')],
            },
        ),
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('served', '送达'), ('signed', '签收'), ('refused', '拒收')], max_length=10)),
                ('subject_type', models.CharField(max_length=60)),
                ('subject_id', models.BigIntegerField()),
                ('subject_label', models.CharField(blank=True, max_length=200)),
                ('person', models.CharField(max_length=100)),
                ('means', models.CharField(max_length=100)),
                ('evidence_sha256', models.CharField(blank=True, max_length=64)),
                ('received_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('recorded_by', models.CharField(max_length=150)),
                ('customer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer')),
                ('message', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='receipts', to='notifications.message')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='access.organizationunit')),
            ],
            options={
                'indexes': [models.Index(fields=['subject_type', 'subject_id', 'id'], name='receipt_subject')],
                'constraints': [models.CheckConstraint(condition=models.Q(('received_at__lte', models.F('recorded_at'))), name='receipt_not_in_the_future')],
            },
        ),
    ]
