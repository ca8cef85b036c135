"""The outside world that carries messages, behind one small Protocol, chosen in settings.

`BUSBAR_GATEWAYS` names a class for each channel. A gateway is handed the delivery's key with
every attempt; one that `repeats_safely` recognizes a key it has already taken.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.module_loading import import_string

from busbar.kit.periods import local_date
from busbar.notifications.attachments import Attachment
from busbar.notifications.models import Channel

DEFAULT_GATEWAYS = {
    Channel.SMS: "busbar.notifications.gateways.SpoolGateway",
    Channel.EMAIL: "busbar.notifications.gateways.EmailGateway",
}
_RETRIED = {408, 409, 425, 429}
_CLIENT_ERRORS = range(400, 500)


@dataclass(frozen=True)
class Letter:
    """What a gateway carries. `attempt` is 1 the first time; only e-mail has attachments."""

    key: str
    channel: str
    address: str
    name: str
    subject: str
    body: str
    at: dt.datetime
    attempt: int
    attachments: tuple[Attachment, ...] = ()


class GatewayError(Exception):
    """The gateway did not take it now; a later attempt may do."""


class LetterRefusedError(Exception):
    """The gateway will never take it: a wrong address, a forbidden text."""


class Gateway(Protocol):
    """Carries letters of one channel."""

    repeats_safely: bool

    def send(self, letter: Letter) -> str:
        """Take the letter; the gateway's own reference. GatewayError, LetterRefusedError."""
        ...


def gateway_for(channel: str) -> Gateway:
    """The gateway that the settings name for the channel."""
    named = getattr(settings, "BUSBAR_GATEWAYS", {})
    gateway: Gateway = import_string({**DEFAULT_GATEWAYS, **named}[channel])()
    return gateway


class SpoolGateway:
    """For development: writes each letter as a JSON line to `outbox/` in BUSBAR_HOME.

    Attachments lie beside it, in a folder with the letter's key.
    """

    repeats_safely = True

    def send(self, letter: Letter) -> str:
        """Append the letter to the day's file, once a key."""
        folder = Path(settings.BUSBAR_HOME) / "outbox"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{letter.channel}-{local_date(letter.at)}.jsonl"
        if letter.attempt > 1 and any(letter.key in f.read_text() for f in folder.glob("*.jsonl")):
            return letter.key
        plain = asdict(replace(letter, attachments=()))
        plain["attachments"] = [self._keep(folder / letter.key, a) for a in letter.attachments]
        line = json.dumps(plain, ensure_ascii=False, default=str)
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        return letter.key

    def _keep(self, folder: Path, attachment: Attachment) -> str:
        folder.mkdir(exist_ok=True)
        path = folder / Path(attachment.name).name
        path.write_bytes(attachment.content)
        return f"{folder.name}/{path.name}"


class EmailGateway:
    """Through Django's mail settings (EMAIL_HOST and so on)."""

    repeats_safely = False

    def send(self, letter: Letter) -> str:
        """Hand the letter to the mail server; its reference is the Message-ID."""
        reference = f"<{letter.key}@busbar>"
        message = EmailMessage(
            subject=" ".join(letter.subject.splitlines()),
            body=letter.body,
            to=[letter.address],
            headers={"Message-ID": reference},
        )
        for each in letter.attachments:
            message.attach(each.name, each.content, each.content_type)
        try:
            message.send()
        except ValueError as error:  # a newline or nonsense in the address
            raise LetterRefusedError(str(error)) from error
        except OSError as error:  # smtplib's errors are OSErrors
            raise GatewayError(str(error)) from error
        return reference


class HttpGateway:
    """An SMS provider over HTTPS: one POST of JSON a letter, signed.

    Settings: `BUSBAR_SMS_URL`, `BUSBAR_SMS_SECRET`, `BUSBAR_SMS_TIMEOUT_SECONDS` (default 10).
    The body is `{"key", "to", "text"}`. `Idempotency-Key` is the delivery's key: the provider
    must answer a key it has seen as it did before. `X-Busbar-Signature` is the hexadecimal
    HMAC-SHA256 with the secret of `X-Busbar-Timestamp`, a newline and the body. Any 2xx is
    taken, its JSON `reference` kept; 408, 409, 425, 429 and 5xx are tried again, other 4xx
    never.
    """

    repeats_safely = True

    def send(self, letter: Letter) -> str:
        """Post the letter and read the provider's reference."""
        url = str(getattr(settings, "BUSBAR_SMS_URL", ""))
        if not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise GatewayError("BUSBAR_SMS_URL must be an https:// address")
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
            url, data=self._body(letter), headers=self._headers(letter), method="POST"
        )
        seconds = float(getattr(settings, "BUSBAR_SMS_TIMEOUT_SECONDS", 10))
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310 - as above
                return _reference(answer.read(65_536))
        except urllib.error.HTTPError as error:
            if error.code in _CLIENT_ERRORS and error.code not in _RETRIED:
                raise LetterRefusedError(f"HTTP {error.code}") from error
            raise GatewayError(f"HTTP {error.code}") from error
        except OSError as error:
            raise GatewayError(str(error)) from error

    def _body(self, letter: Letter) -> bytes:
        text = {"key": letter.key, "to": letter.address, "text": letter.body}
        return json.dumps(text, ensure_ascii=False).encode()

    def _headers(self, letter: Letter) -> dict[str, str]:
        stamp = str(int(letter.at.timestamp()))
        secret = str(getattr(settings, "BUSBAR_SMS_SECRET", "")).encode()
        signed = hmac.new(secret, stamp.encode() + b"\n" + self._body(letter), hashlib.sha256)
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": letter.key,
            "X-Busbar-Timestamp": stamp,
            "X-Busbar-Signature": signed.hexdigest(),
        }


def _reference(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["reference"])[:200]
    except (ValueError, KeyError, TypeError):
        return ""
