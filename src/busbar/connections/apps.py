"""Django's registration of the room."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    """The room `connections`."""

    name = "busbar.connections"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Lend the processes and what carries their steps out to the engine."""
        from busbar.connections.steps import registering

        registering.register_all()
