"""Django's registration of the room."""

from django.apps import AppConfig


class CliConfig(AppConfig):
    """The room `cli`."""

    name = "busbar.cli"
    default_auto_field = "django.db.models.BigAutoField"
