"""Django's registration of the room."""

from django.apps import AppConfig


class KeyAccountsConfig(AppConfig):
    """The room `key_accounts`."""

    name = "busbar.key_accounts"
    default_auto_field = "django.db.models.BigAutoField"
