"""Django's registration of the room."""

from django.apps import AppConfig


class ClocksConfig(AppConfig):
    """The room `clocks`."""

    name = "busbar.clocks"
    default_auto_field = "django.db.models.BigAutoField"
