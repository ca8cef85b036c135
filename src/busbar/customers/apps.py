"""Django's registration of the room."""

from typing import Any

from django.apps import AppConfig
from django.db.models import QuerySet


class CustomersConfig(AppConfig):
    """客户."""

    name = "busbar.customers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell row visibility which customers an employee's account teams cover."""
        from busbar.access.visibility import register_account_team
        from busbar.customers.group_sight import inherited_customer_ids
        from busbar.customers.models import AccountTeamMember

        def customer_ids_of(employee_id: int) -> QuerySet[Any, Any]:
            return AccountTeamMember.objects.filter(employee_id=employee_id).values("customer_id")

        register_account_team(customer_ids_of, inherited_customer_ids)
