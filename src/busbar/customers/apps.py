"""Django's registration of the room."""

from typing import Any

from django.apps import AppConfig
from django.db.models import Q, QuerySet


class CustomersConfig(AppConfig):
    """客户."""

    name = "busbar.customers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell row visibility which customers account teams cover and groups have."""
        from busbar.access.visibility import register_account_team, register_group_members
        from busbar.customers.group_sight import inherited_customer_ids
        from busbar.customers.models import AccountTeamMember, Customer

        def customer_ids_of(employee_id: int) -> QuerySet[Any, Any]:
            return AccountTeamMember.objects.filter(employee_id=employee_id).values("customer_id")

        def customer_ids_in(group_ids: frozenset[int]) -> QuerySet[Any, Any]:
            return Customer.objects.filter(group__in=group_ids).values("pk")

        def seen_ids_of(employee_id: int) -> QuerySet[Any, Any]:
            own, inherited = customer_ids_of(employee_id), inherited_customer_ids(employee_id)
            return Customer.objects.filter(Q(pk__in=own) | Q(pk__in=inherited)).values("pk")

        register_group_members(customer_ids_in)
        register_account_team(customer_ids_of, seen_ids_of)
