"""Django's registration of the room."""

from django.apps import AppConfig


class OutagesConfig(AppConfig):
    """The room `outages`."""

    name = "busbar.outages"
    default_auto_field = "django.db.models.BigAutoField"
