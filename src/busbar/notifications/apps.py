"""Django's registration of the room."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """The room `notifications`."""

    name = "busbar.notifications"
    default_auto_field = "django.db.models.BigAutoField"
