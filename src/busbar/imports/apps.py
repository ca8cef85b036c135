"""Django's registration of the room."""

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    """The room `imports`."""

    name = "busbar.imports"
    default_auto_field = "django.db.models.BigAutoField"
