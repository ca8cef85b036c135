"""Django's registration of the room."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """The room `console`."""

    name = "busbar.console"
    default_auto_field = "django.db.models.BigAutoField"
