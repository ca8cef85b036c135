"""Django's registration of the room."""

from django.apps import AppConfig


class KeyAccountsConfig(AppConfig):
    """The room `key_accounts`."""

    name = "busbar.key_accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Lend the evidence of the rooms below to the registry."""
        from busbar.key_accounts.queries import evidence

        evidence.register()
