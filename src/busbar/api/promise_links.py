"""Addresses under which customers read their promises and bills, for programs (N9)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.http import HttpRequest
from django.urls import reverse
from ninja import Body, Router, Schema

from busbar.api.paging import Text, answers
from busbar.api.sign_in import viewer_of
from busbar.api.values import Id, Sent, Short, now
from busbar.customers import queries as customers_queries
from busbar.service_desk import operations, queries
from busbar.service_desk.models import PromisePublication

promise_links = Router()


class PromiseLinkOut(Schema):
    """承诺公开链接."""

    id: int
    given_to: str
    shows_bills: bool
    issued_at: dt.datetime
    issued_by_name: str
    ends_at: dt.datetime
    revoked_at: dt.datetime | None


class NewPromiseLinkOut(PromiseLinkOut):
    """A link just made. `address` is told this once."""

    address: str


class PromiseLinkIn(Sent):
    """Whose promises, who at the customer's is to read them, and whether the bills too."""

    customer: Short
    given_to: Short
    shows_bills: bool = False


@promise_links.get(
    "", response=answers(list[PromiseLinkOut], 404), operation_id="list_promise_links"
)
def list_promise_links(request: HttpRequest, customer: Text) -> list[PromisePublication]:
    """一个客户现有效的公开链接，新的在前。"""
    viewer, at = viewer_of(request), now()
    found = customers_queries.get_customer(viewer, customer)
    return list(queries.list_publications(viewer, found.pk, at=at))


@promise_links.post(
    "", response=answers(NewPromiseLinkOut, 400, 403, 409), operation_id="publish_promises"
)
def publish_promises(
    request: HttpRequest, asked: Annotated[PromiseLinkIn, Body()]
) -> dict[str, Any]:
    """生成一条公开链接；`shows_bills` 为真时还可看账单。地址只返回这一次。需“走访与承诺”权限。"""
    issued = operations.publish_ledger(
        customer_number=asked.customer,
        given_to=asked.given_to,
        shows_bills=asked.shows_bills,
        by=viewer_of(request),
        at=now(),
    )
    row = PromiseLinkOut.from_orm(issued.publication).dict()
    address = request.build_absolute_uri(reverse("published_promises", args=[issued.word]))
    return row | {"address": address}


@promise_links.post(
    "/{link_id}/revoke",
    response=answers(PromiseLinkOut, 403, 409),
    operation_id="revoke_promise_link",
)
def revoke_promise_link(request: HttpRequest, link_id: Id) -> PromisePublication:
    """收回一条链接。"""
    return operations.revoke_publication(publication_id=link_id, by=viewer_of(request), at=now())
