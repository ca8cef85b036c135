"""Django's registration of the room."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    """日志."""

    name = "busbar.journal"
    default_auto_field = "django.db.models.BigAutoField"
