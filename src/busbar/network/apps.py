"""Django's registration of the room."""

from django.apps import AppConfig


class NetworkConfig(AppConfig):
    """The room `network`."""

    name = "busbar.network"
    default_auto_field = "django.db.models.BigAutoField"
