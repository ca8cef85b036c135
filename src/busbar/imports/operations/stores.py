"""Which operation of which room stores a table's rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from busbar.access.registers import Outcome
from busbar.billing import operations as billing_operations
from busbar.customers import operations as customers_operations
from busbar.imports.operations import organization
from busbar.key_accounts.operations import teaming
from busbar.metering import operations as metering_operations
from busbar.network import operations as network_operations
from busbar.pricing import operations as pricing_operations
from busbar.supply import operations as supply_operations

Store = Callable[..., Outcome]

STORES: Mapping[str, Store] = {
    "units": organization.store_units,
    "employees": organization.store_employees,
    "groups": customers_operations.store_groups,
    "customers": customers_operations.store_customers,
    "accounts": customers_operations.store_accounts,
    "contacts": customers_operations.store_contacts,
    "certificates": teaming.store_certificates,
    "team": teaming.store_team,
    "sites": supply_operations.store_sites,
    "sources": supply_operations.store_sources,
    "transformers": supply_operations.store_transformers,
    "agreements": supply_operations.store_agreements,
    "usage_points": supply_operations.store_usage_points,
    "point_losses": supply_operations.store_point_losses,
    "fixed_energies": supply_operations.store_fixed_energies,
    "meters": metering_operations.store_meters,
    "register_readings": metering_operations.store_register_readings,
    "meter_events": metering_operations.store_meter_events,
    "substations": network_operations.store_substations,
    "substation_transformers": network_operations.store_substation_transformers,
    "conductor_types": network_operations.store_conductor_types,
    "feeders": network_operations.store_feeders,
    "feeder_ties": network_operations.store_feeder_ties,
    "public_transformers": network_operations.store_public_transformers,
    "rule_sets": pricing_operations.store_rule_sets,
    "rule_parameters": pricing_operations.store_rule_parameters,
    "power_factor_steps": pricing_operations.store_power_factor_steps,
    "tou_schemes": pricing_operations.store_tou_schemes,
    "tou_intervals": pricing_operations.store_tou_intervals,
    "critical_day_rules": pricing_operations.store_critical_day_rules,
    "daily_temperatures": pricing_operations.store_daily_temperatures,
    "loss_corrections": pricing_operations.store_loss_corrections,
    "loss_table_rows": pricing_operations.store_loss_table_rows,
    "tariffs": pricing_operations.store_tariffs,
    "surcharges": pricing_operations.store_surcharges,
    "price_series": pricing_operations.store_price_series,
    "series_prices": pricing_operations.store_series_prices,
    "shadow_lines": billing_operations.store_shadow_lines,
}
