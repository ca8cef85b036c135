"""What happened, kept so that nobody can quietly change it."""

from django.db import models


class EntryQuerySet(models.QuerySet["Entry"]):
    """Filters over the journal."""

    def about(self, subject_type: str, subject_id: int) -> "EntryQuerySet":
        """Entries about one row of one noun."""
        return self.filter(subject_type=subject_type, subject_id=subject_id)

    def of_customer(self, *customer_ids: int) -> "EntryQuerySet":
        """Entries that belong on the timeline of a customer, and of those that went into it."""
        return self.filter(customer_id__in=customer_ids)


class Entry(models.Model):
    """One thing that happened. Actor and subject are plain values, not relations:

    the journal must outlive what it speaks of, and it stands below every other room.
    Update and delete are refused by the database itself (`immutability.py`).
    """

    id = models.BigAutoField(primary_key=True)
    occurred_at = models.DateTimeField()
    event = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    subject_label = models.CharField(max_length=200, blank=True)
    customer_id = models.BigIntegerField(null=True, blank=True)
    unit_path = models.CharField(max_length=120, blank=True)
    actor_id = models.BigIntegerField(null=True, blank=True)
    actor_name = models.CharField(max_length=150)
    reason = models.TextField(blank=True)
    changes = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="journal_subject"),
            models.Index(fields=["customer_id", "id"], name="journal_customer"),
            models.Index(fields=["event", "id"], name="journal_event"),
            models.Index(fields=["unit_path", "id"], name="journal_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.subject_type}#{self.subject_id}"


class OutboxCursor(models.Model):
    """How far one consumer has read the journal."""

    consumer = models.CharField(max_length=60, unique=True)
    last_entry_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.consumer} @ {self.last_entry_id}"
