"""Django's registration of the room."""

from pathlib import Path

from django.apps import AppConfig


class KeyAccountsConfig(AppConfig):
    """The room `key_accounts`."""

    name = "busbar.key_accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Lend processes, their steps, movers, and the evidence of the rooms below."""
        from busbar.key_accounts import movers, order_steps
        from busbar.key_accounts.queries import evidence
        from busbar.workflow import registry

        registry.register_processes(Path(__file__).resolve().parent / "processes")
        order_steps.register()
        movers.register()
        evidence.register()
