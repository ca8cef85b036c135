"""Django's registration of the room."""

from django.apps import AppConfig


class ServiceDeskConfig(AppConfig):
    """The room `service_desk`."""

    name = "busbar.service_desk"
    default_auto_field = "django.db.models.BigAutoField"
