"""The region as rows of the importer's own tables: key of the field to plain value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict

from busbar.demo import tariffs
from busbar.demo.parameters import Parameters
from busbar.demo.tariffs import Row
from busbar.demo.values import Account, Customer, OldEntry, Region
from busbar.network.conductors import shipped_conductors

_ISSUED_DAYS_AGO = (400, 700, 250, 690)
_HIGH_GRADES = {"special", "first"}


def archive_rows(region: Region, *, on: dt.date) -> dict[str, list[Row]]:
    """Rows of the archive by the table's key, as it is delivered on the day."""
    accounts = [(c, a) for c in region.customers for a in c.accounts]
    numbered, old = region.numbered_customers, region.old_accounts
    return {
        "units": [
            {"code": u.code, "name": u.name, "kind": u.kind, "parent": u.parent}
            for u in region.units
        ],
        "employees": [
            {"number": s.number, "name": s.name, "unit": s.unit, "roles": s.roles, "phone": s.phone}
            for s in region.staff
        ],
        "groups": [{"code": g.code, "name": g.name, "parent": g.parent} for g in region.groups],
        "customers": [_customer(c) for c in numbered],
        "accounts": [_account(c, a) for c, a in accounts if a.number not in old],
        "contacts": [row for c in numbered for row in _contacts(c)],
        "certificates": list(_certificates(region, on)),
        "team": [row for c in numbered for row in _team(c)],
        "sites": [_site(c, a, is_old=a.number in old) for c, a in accounts],
        "sources": [row for _, a in accounts for row in _sources(a)],
        "transformers": [row for _, a in accounts for row in _transformers(a)],
        "agreements": [row for _, a in accounts for row in _agreements(a)],
        "usage_points": [row for _, a in accounts for row in _points(a)],
        "meters": [row for _, a in accounts for row in _meters(a)],
    }


def old_rows(region: Region) -> dict[str, list[Row]]:
    """Rows of the old system by the table's key: accounts without customer, one contact each."""
    old = region.old_accounts
    accounts = [(c, a) for c in region.customers for a in c.accounts if a.number in old]
    return {
        "accounts": [_old_account(c, a, old[a.number]) for c, a in accounts],
        "contacts": list(_old_contacts(region)),
    }


def network_rows(region: Region) -> dict[str, list[Row]]:
    """Rows of the network by the table's key."""
    grid = region.grid
    return {
        "substations": [asdict(s) for s in grid.substations],
        "substation_transformers": [asdict(t) for t in grid.main_transformers],
        "conductor_types": [asdict(c) for c in shipped_conductors().values()],
        "feeders": [_without(asdict(f), "county") for f in grid.feeders],
        "feeder_ties": [asdict(t) for t in grid.ties],
        "public_transformers": [asdict(t) for t in grid.transformers],
    }


def _without(row: Row, name: str) -> Row:
    return {key: value for key, value in row.items() if key != name}


def tariff_rows(parameters: Parameters) -> dict[str, list[Row]]:
    """Rows of schemes, prices and surcharges by the table's key."""
    return {
        "tou_schemes": tariffs.schemes(),
        "tou_intervals": tariffs.intervals(),
        "tariffs": tariffs.tariffs(parameters),
        "surcharges": tariffs.surcharges(parameters),
    }


def _customer(customer: Customer) -> Row:
    return {
        "customer": customer.number,
        "name": customer.name,
        "credit_code": customer.credit_code,
        "kind": customer.kind,
        "industry_code": customer.industry,
        "importance": customer.importance,
        "group": customer.group,
        "unit": customer.unit,
        "address": customer.address,
    }


def _account(customer: Customer, account: Account) -> Row:
    return {
        "account": account.number,
        "name": account.name,
        "customer": customer.number,
        "unit": account.unit,
        "address": account.address,
        "status": "closed" if account.closed_on else "active",
        "opened_on": account.opened_on,
        "closed_on": account.closed_on,
        "origin": account.origin,
    }


def _old_account(customer: Customer, account: Account, entry: OldEntry) -> Row:
    return {
        "account": account.number,
        "name": entry.name,
        "credit_code": entry.credit_code,
        "kind": customer.kind,
        "industry_code": customer.industry,
        "unit": account.unit,
        "address": entry.address,
        "status": "active",
        "opened_on": account.opened_on,
        "origin": f"{account.origin}：县公司旧系统，按户号保管",
    }


def _old_contacts(region: Region) -> Iterator[Row]:
    """Named after the account: until the archive is consolidated, each stands for itself."""
    first_of: dict[str, str] = {}
    for entry in region.old_entries:
        # Accounts that state one credit code are one customer from the import on.
        first = first_of.setdefault(entry.credit_code or entry.account, entry.account)
        if entry.phone:
            yield {
                "customer": f"H{first}",
                "name": entry.person,
                "role": f"户号 {entry.account} 联系人",
                "phone": entry.phone,
            }


def _contacts(customer: Customer) -> Iterator[Row]:
    for contact in customer.contacts:
        yield {
            "customer": customer.number,
            "name": contact.name,
            "role": contact.role,
            "phone": contact.phone,
            "email": contact.email,
            "is_primary": contact.is_primary,
        }


def _certificates(region: Region, on: dt.date) -> Iterator[Row]:
    """Every manager holds what the customers ask that he leads; who leads none has the first."""
    leads = {c.lead for c in region.customers}
    high = {c.lead for c in region.customers if c.importance in _HIGH_GRADES}
    managers = [s.number for s in region.staff if "account_manager" in s.roles]
    for place, number in enumerate(managers):
        issued = on - dt.timedelta(days=_ISSUED_DAYS_AGO[place % len(_ISSUED_DAYS_AGO)])
        grade = "高级" if number in high else "中级" if number in leads else "初级"
        yield {
            "employee": number,
            "kind": f"{grade}大客户经理",
            "certificate": f"DKH-{issued:%Y%m%d}-{place + 1:03d}",
            "issuer": "省公司培训中心",
            "issued_on": issued,
        }


def _team(customer: Customer) -> Iterator[Row]:
    yield {"customer": customer.number, "employee": customer.lead, "role": "lead"}
    yield {"customer": customer.number, "employee": customer.deputy, "role": "deputy"}


def _site(customer: Customer, account: Account, *, is_old: bool) -> Row:
    return {
        "site": account.site_code,
        "name": account.site_name,
        "customer": "" if is_old else customer.number,
        "account": account.number,
        "address": account.address,
    }


def _sources(account: Account) -> Iterator[Row]:
    for source in account.sources:
        yield {
            "site": account.site_code,
            "feeder": source.feeder,
            "role": source.role,
            "voltage_kv": source.voltage_kv,
            "capacity_kva": source.capacity_kva,
        }


def _transformers(account: Account) -> Iterator[Row]:
    for transformer in account.transformers:
        for span in transformer.states:
            yield {
                "number": transformer.number,
                "account": account.number,
                "site": account.site_code,
                "model": transformer.model,
                "capacity_kva": transformer.capacity_kva,
                "installed_on": transformer.installed_on,
                "interlock_group": transformer.interlock,
                "state": span.state,
                "valid_from": span.start,
                "valid_until": span.end,
                "reason": span.reason,
            }


def _agreements(account: Account) -> Iterator[Row]:
    for agreement in account.agreements:
        yield {
            "number": agreement.number,
            "account": account.number,
            "signed_on": agreement.signed_on,
            "valid_from": agreement.valid_from,
            "valid_until": agreement.valid_until,
            "tariff_code": agreement.tariff_code,
            "tariff_category": agreement.category,
            "basic_charge_mode": agreement.mode,
            "contract_capacity_kva": agreement.capacity_kva,
            "contract_demand_kw": agreement.demand_kw,
            "power_factor_standard": agreement.power_factor_standard,
        }


def _points(account: Account) -> Iterator[Row]:
    for point in account.points:
        yield {
            "number": point.number,
            "name": point.name,
            "account": account.number,
            "site": account.site_code,
            "voltage_kv": point.voltage_kv,
            "metering_side": point.side,
        }


def _meters(account: Account) -> Iterator[Row]:
    for point in account.points:
        for meter in point.installations:
            yield {
                "serial": meter.serial,
                "usage_point": point.number,
                "model": meter.model,
                "accuracy_class": meter.accuracy,
                "register_digits": 6,
                "installed_on": meter.start,
                "removed_on": meter.end,
                "ct_ratio": meter.ct_ratio,
                "pt_ratio": meter.pt_ratio,
            }
