"""Carrying it: quiet hours, back-off, and never twice to a gateway."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.core import mail

from busbar.access.models import OrganizationUnit, Role
from busbar.customers.models import Contact
from busbar.journal.models import Entry
from busbar.journal.operations import SYSTEM
from busbar.kit.periods import CHINA
from busbar.notifications import operations as notifications_operations
from busbar.notifications import queries as notifications_queries
from busbar.notifications.attachments import Attachment
from busbar.notifications.gateways import (
    GatewayError,
    HttpGateway,
    Letter,
    LetterRefusedError,
    SpoolGateway,
)
from busbar.notifications.models import Delivery, DeliveryState
from busbar.notifications.operations import About, Recipient
from busbar.notifications.timing import LEASE, WAITS
from tests.imports.world import AT, make_viewer

Units = dict[str, OrganizationUnit]
NIGHT = dt.datetime(2026, 3, 2, 23, 30, tzinfo=CHINA)
MORNING = dt.datetime(2026, 3, 3, 8, 0, tzinfo=CHINA)
PAPER = {"paper": "供电方案答复单", "name": "李晓东", "number": "0123"}


class Fake:
    """The outside: takes letters, or fails as often as it is told to."""

    repeats_safely = True
    taken: list[Letter] = []
    failures: list[Exception] = []

    def send(self, letter: Letter) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(letter)
        return f"ref-{len(self.taken)}"


class Forgetful(Fake):
    """As a mail server: does not know what it took."""

    repeats_safely = False


@pytest.fixture
def fake(settings: Any) -> type[Fake]:
    settings.BUSBAR_GATEWAYS = {
        "sms": f"{__name__}.Fake",
        "email": f"{__name__}.Forgetful",
    }
    Fake.taken, Fake.failures = [], []
    return Fake


def issue(contact: Contact, at: dt.datetime, **to: Any) -> Delivery:
    """Tell the contact (or another address) of a paper."""
    message = notifications_operations.send_message(
        kind="connections.paper.issued",
        to=Recipient(**to) if to else Recipient(contact_id=contact.pk),
        about=About(
            "connections.paper", 1, contact.customer.unit_id, "答复单", contact.customer_id
        ),
        facts=PAPER,
        actor=SYSTEM,
        at=at,
    )
    return message.deliveries.get()


class TestDeliverDue:
    def test_carries_a_letter_once(self, contact: Contact, fake: type[Fake]) -> None:
        delivery = issue(contact, AT)
        first = notifications_operations.deliver_due(at=AT)
        again = notifications_operations.deliver_due(at=AT + dt.timedelta(days=1))

        delivery.refresh_from_db()
        assert (first.sent, again.sent) == (1, 0)
        assert [letter.key for letter in fake.taken] == [str(delivery.key)]
        assert (delivery.state, delivery.gateway_reference) == ("sent", "ref-1")
        assert delivery.sent_at == AT
        assert Entry.objects.filter(event="notifications.delivery.sent").count() == 1

    def test_waits_for_the_morning(self, contact: Contact, fake: type[Fake]) -> None:
        delivery = issue(contact, NIGHT)
        night = notifications_operations.deliver_due(at=NIGHT)
        delivery.refresh_from_db()
        assert (night.postponed, night.sent, fake.taken) == (1, 0, [])
        assert delivery.next_try_at == MORNING
        assert notifications_operations.deliver_due(at=MORNING).sent == 1

    def test_critical_words_do_not_wait(self, contact: Contact, fake: type[Fake]) -> None:
        issue(contact, NIGHT).message.__class__.objects.update(urgency="critical")
        assert notifications_operations.deliver_due(at=NIGHT).sent == 1

    def test_an_employee_is_reached_at_night(
        self, units: Units, contact: Contact, fake: type[Fake]
    ) -> None:
        viewer = make_viewer(units["310101"], Role.DISPATCHER, number="D1")
        from busbar.access.models import Employee

        Employee.objects.filter(pk=viewer.employee_id).update(phone="13900000000")
        notifications_operations.send_message(
            kind="connections.paper.issued",
            to=Recipient(employee_id=viewer.employee_id),
            about=About("connections.paper", 1, units["310101"].pk),
            facts=PAPER,
            actor=SYSTEM,
            at=NIGHT,
        )
        assert notifications_operations.deliver_due(at=NIGHT).sent == 1

    def test_tries_again_later_and_then_gives_up(self, contact: Contact, fake: type[Fake]) -> None:
        delivery = issue(contact, AT)
        fake.failures = [GatewayError("busy")] * (len(WAITS) + 1)
        at = AT
        for wait in WAITS:
            assert notifications_operations.deliver_due(at=at).failed == 1
            delivery.refresh_from_db()
            assert (delivery.state, delivery.error) == ("failed", "busy")
            assert delivery.next_try_at == at + wait
            assert notifications_operations.deliver_due(at=at).failed == 0
            at += wait
            at = max(at, _daytime(at))
        assert notifications_operations.deliver_due(at=at).given_up == 1
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts) == ("given_up", len(WAITS) + 1)
        unit_head = make_viewer(contact.customer.unit, Role.MANAGER, number="M1")
        assert notifications_queries.list_given_up(unit_head) == [delivery]

    def test_a_letter_refused_is_not_tried_again(self, contact: Contact, fake: type[Fake]) -> None:
        delivery = issue(contact, AT)
        fake.failures = [LetterRefusedError("no such number")]
        assert notifications_operations.deliver_due(at=AT).given_up == 1
        delivery.refresh_from_db()
        assert (delivery.state, delivery.error) == ("given_up", "no such number")
        assert Entry.objects.get(event="notifications.delivery.given_up").changes["said"]


def _daytime(at: dt.datetime) -> dt.datetime:
    local = at.astimezone(CHINA)
    if 8 <= local.hour < 21:
        return at
    day = local.date() + dt.timedelta(days=1 if local.hour >= 21 else 0)
    return dt.datetime.combine(day, dt.time(8), tzinfo=CHINA)


class TestCutOff:
    """Killed between the attempt and its result."""

    def begin(self, delivery: Delivery) -> None:
        Delivery.objects.filter(pk=delivery.pk).update(
            state=DeliveryState.SENDING, attempts=1, next_try_at=AT + LEASE
        )

    def test_nobody_else_touches_it_while_it_may_still_answer(
        self, contact: Contact, fake: type[Fake]
    ) -> None:
        self.begin(issue(contact, AT))
        notifications_operations.deliver_due(at=AT + dt.timedelta(minutes=1))
        assert fake.taken == []

    def test_is_repeated_with_its_key_where_the_gateway_knows_keys(
        self, contact: Contact, fake: type[Fake]
    ) -> None:
        delivery = issue(contact, AT)
        self.begin(delivery)
        notifications_operations.deliver_due(at=AT + LEASE)
        assert [(x.key, x.attempt) for x in fake.taken] == [(str(delivery.key), 2)]

    def test_is_left_to_a_person_where_it_does_not(
        self, contact: Contact, fake: type[Fake]
    ) -> None:
        delivery = issue(contact, AT, address="li@example.com")
        self.begin(delivery)
        done = notifications_operations.deliver_due(at=AT + LEASE)
        delivery.refresh_from_db()
        assert (done.given_up, fake.taken) == (1, [])
        assert "请人工核实" in delivery.error


class TestGateways:
    def test_the_spool_keeps_each_key_once(self, contact: Contact, home: Path) -> None:
        delivery = issue(contact, AT)
        notifications_operations.deliver_due(at=AT)
        Delivery.objects.update(
            state="sending", sent_at=None, next_try_at=AT + LEASE, gateway_reference=""
        )
        notifications_operations.deliver_due(at=AT + LEASE)
        lines = (home / "outbox" / "sms-2026-03-02.jsonl").read_text().splitlines()
        assert len(lines) == 1
        assert json.loads(lines[0])["key"] == str(delivery.key)

    def test_e_mail_goes_through_django(self, contact: Contact, settings: Any) -> None:
        settings.BUSBAR_GATEWAYS = {"email": "busbar.notifications.gateways.EmailGateway"}
        issue(contact, AT, address="li@example.com", name="李晓东")
        assert notifications_operations.deliver_due(at=AT).sent == 1
        (letter,) = mail.outbox
        assert (letter.to, letter.subject) == (["li@example.com"], "供电方案答复单")

    def test_files_lie_beside_the_line_of_the_spool(self, settings: Any, tmp_path: Path) -> None:
        settings.BUSBAR_HOME = tmp_path
        file = Attachment("../账单.pdf", "application/pdf", b"%PDF-")

        SpoolGateway().send(replace(self.letter(), channel="email", attachments=(file,)))

        (line,) = (tmp_path / "outbox").glob("*.jsonl")
        kept = json.loads(line.read_text())["attachments"]
        assert kept == ["k1/账单.pdf"]
        assert (tmp_path / "outbox" / kept[0]).read_bytes() == b"%PDF-"

    @pytest.fixture
    def provider(self, settings: Any) -> Iterator[HTTPServer]:
        server = HTTPServer(("127.0.0.1", 0), _Provider)
        server.seen, server.status = [], 200  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.BUSBAR_SMS_URL = f"http://127.0.0.1:{server.server_port}/sms"
        settings.BUSBAR_SMS_SECRET = "s3cret"
        yield server
        server.shutdown()
        server.server_close()

    def letter(self) -> Letter:
        return Letter("k1", "sms", "13800000000", "李", "题", "正文", AT, 1)

    def test_the_provider_can_check_who_wrote(self, provider: Any) -> None:
        assert HttpGateway().send(self.letter()) == "r-1"
        headers, body = provider.seen[0]
        stamp = headers["X-Busbar-Timestamp"].encode()
        expected = hmac.new(b"s3cret", stamp + b"\n" + body, hashlib.sha256).hexdigest()
        assert headers["X-Busbar-Signature"] == expected
        assert headers["Idempotency-Key"] == "k1"
        assert json.loads(body)["to"] == "13800000000"

    @pytest.mark.parametrize(
        ("status", "error"), [(503, GatewayError), (429, GatewayError), (422, LetterRefusedError)]
    )
    def test_errors_are_told_apart(
        self, provider: Any, status: int, error: type[Exception]
    ) -> None:
        provider.status = status
        with pytest.raises(error):
            HttpGateway().send(self.letter())

    def test_a_plain_http_address_is_not_used(self, settings: Any) -> None:
        settings.BUSBAR_SMS_URL = "http://sms.example.com/"
        with pytest.raises(GatewayError, match="https"):
            HttpGateway().send(self.letter())


class _Provider(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.headers, body))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()
        self.wfile.write(b'{"reference": "r-1"}')

    def log_message(self, *args: object) -> None:
        """Quiet."""
