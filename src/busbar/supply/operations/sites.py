"""Sites, power sources and usage points, many rows at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from busbar.access.registers import (
    Batch,
    Draft,
    Outcome,
    Row,
    Told,
    fetch_by,
    pick,
    record_changes,
    reject_unseen,
    resolve,
    save_drafts,
)
from busbar.access.visibility import Viewer
from busbar.customers.models import Customer, CustomerAccount
from busbar.customers.operations import follow_former
from busbar.kit.errors import Phrase
from busbar.network.models import Feeder
from busbar.supply.models import PowerSource, Site, SourceRole, UsagePoint

UNKNOWN_ACCOUNT = Phrase("没有这个户号，或该户不在您的管辖范围内")
UNKNOWN_SITE = Phrase("没有这个编码的用电地址，或不在您的管辖范围内")

_TOLD_SITE = Told("supply.site", customer_of=lambda site: site.customer)
_TOLD_SOURCE = Told("supply.power_source", "connected", customer_of=lambda s: s.site.customer)
_TOLD_POINT = Told(
    "supply.usage_point",
    customer_of=lambda point: point.account.customer,
    unit_path_of=lambda point: point.account.unit.path,
)


def seen_accounts(batch: Batch, by: Viewer) -> dict[Any, Any]:
    """Accounts that rows name by 户号, with customer and unit; unknown ones are rejected."""
    seen = CustomerAccount.objects.select_related("customer__unit", "unit").visible_to(by)
    return resolve(batch, "account", seen, "number", UNKNOWN_ACCOUNT)


def seen_sites(batch: Batch, by: Viewer) -> dict[Any, Any]:
    """Sites that rows name by code, with customer and unit; unknown ones are rejected."""
    seen = Site.objects.select_related("customer__unit").visible_to(by)
    return resolve(batch, "site", seen, "code", UNKNOWN_SITE)


def reject_foreign_sites(batch: Batch, accounts: dict[Any, Any], sites: dict[Any, Any]) -> None:
    """An account is supplied at a site of its own customer."""
    for index, row in list(batch.live()):
        account, site = accounts.get(row.get("account")), sites.get(row.get("site"))
        if account is not None and site is not None and account.customer_id != site.customer_id:
            batch.reject(
                index,
                "site",
                Phrase("该用电地址属于另一客户 %(number)s", number=site.customer.number),
            )


@transaction.atomic
def store_sites(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Sites by code, of a customer named by its number or by one of its accounts."""
    batch, outcome = Batch(follow_former(rows)), Outcome()
    outcome.unchanged += len(
        batch.reject_repeats(lambda r: r["site"], "site", Phrase("用电地址编码"))
    )
    seen = Customer.objects.select_related("unit").visible_to(by)
    unknown = Phrase("没有这个客户编号，或该客户不在您的管辖范围内")
    customers = resolve(batch, "customer", seen, "number", unknown)
    accounts = seen_accounts(batch, by)
    for index, row in list(batch.live()):
        if not row.get("customer") and not row.get("account"):
            batch.reject(index, "customer", Phrase("应填写客户编号或户号"))
    existing = fetch_by(Site.objects.select_related("customer"), "code", batch.values("site"))
    reject_unseen(batch, existing, Site.objects, by, "site")
    drafts = [
        Draft(_site_values(row, customers, accounts), existing.get(row["site"]), index)
        for index, row in batch.live()
    ]
    record_changes(save_drafts(Site, drafts, outcome), _TOLD_SITE, by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _site_values(row: Row, customers: dict[Any, Any], accounts: dict[Any, Any]) -> dict[str, Any]:
    values = pick(row, code="site", name="name", address="address")
    if "address" in values:
        values["address"] = values["address"] or ""
    if row.get("customer"):
        return {**values, "customer": customers[row["customer"]]}
    return {**values, "customer": accounts[row["account"]].customer}


@transaction.atomic
def store_sources(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Power sources by site and feeder: two of them, from two feeders, make dual supply.

    One source of a site is the main one; a site may have several only if it says which.
    """
    batch, outcome = Batch(rows), Outcome()
    twice = Phrase("用电地址和馈线（双电源须来自两条不同的馈线）")
    outcome.unchanged += len(batch.reject_repeats(_site_and_feeder, "feeder", twice))
    sites = seen_sites(batch, by)
    feeders = resolve(batch, "feeder", Feeder.objects.all(), "code", Phrase("没有这个编码的馈线"))
    related = PowerSource.objects.select_related("site__customer__unit", "feeder")
    ids = [site.pk for site in sites.values()]
    stored = [row for group in _by_site(related, ids).values() for row in group]
    existing = {(s.site.code, s.feeder.code): s for s in stored}
    _reject_second_main(batch, stored)
    drafts = [
        Draft(
            {
                **pick(row, role="role", voltage_kv="voltage_kv", capacity_kva="capacity_kva"),
                "site": sites[row["site"]],
                "feeder": feeders[row["feeder"]],
            },
            existing.get(_site_and_feeder(row)),
            index,
        )
        for index, row in batch.live()
    ]
    record_changes(save_drafts(PowerSource, drafts, outcome), _TOLD_SOURCE, by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome


def _site_and_feeder(row: Row) -> tuple[Any, Any]:
    return row["site"], row["feeder"]


def _by_site(rows: Any, ids: list[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for start in range(0, len(ids), 5000):
        for row in rows.filter(site__in=ids[start : start + 5000]):
            found.setdefault(row.site_id, []).append(row)
    return found


def _reject_second_main(batch: Batch, stored: list[Any]) -> None:
    """A site has one main source, whether it stands already or comes in this batch."""
    redrawn = {_site_and_feeder(row) for _, row in batch.live()}
    mains = {
        s.site.code: s.feeder.code
        for s in stored
        if s.role == SourceRole.MAIN and (s.site.code, s.feeder.code) not in redrawn
    }
    for index, row in list(batch.live()):
        if row["role"] != SourceRole.MAIN:
            continue
        main = mains.setdefault(row["site"], row["feeder"])
        if main != row["feeder"]:
            batch.reject(
                index,
                "role",
                Phrase("该用电地址已有主供电源（馈线 %(feeder)s），应为备用电源", feeder=main),
            )


@transaction.atomic
def store_usage_points(*, rows: Sequence[Row], by: Viewer, at: dt.datetime) -> Outcome:
    """Usage points by number, of an account at a site of its customer."""
    batch, outcome = Batch(rows), Outcome()
    outcome.unchanged += len(
        batch.reject_repeats(lambda r: r["number"], "number", Phrase("计量点编号"))
    )
    accounts, sites = seen_accounts(batch, by), seen_sites(batch, by)
    reject_foreign_sites(batch, accounts, sites)
    existing = fetch_by(
        UsagePoint.objects.select_related("account", "site"), "number", batch.values("number")
    )
    reject_unseen(batch, existing, UsagePoint.objects, by, "number")
    drafts = [
        Draft(
            {
                **pick(
                    row,
                    number="number",
                    name="name",
                    voltage_kv="voltage_kv",
                    metering_side="metering_side",
                ),
                "account": accounts[row["account"]],
                "site": sites[row["site"]],
            },
            existing.get(row["number"]),
            index,
        )
        for index, row in batch.live()
    ]
    record_changes(save_drafts(UsagePoint, drafts, outcome), _TOLD_POINT, by=by, at=at)
    outcome.rejections = batch.rejections
    return outcome
