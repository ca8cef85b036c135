"""Whether the gateways of messages are set up in the environment, and whether they answer.

Nothing is sent: the SMS provider is greeted as far as TLS, the mail server as far as sign-in.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from typing import Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import get_connection

Answer = tuple[Literal["ok", "note", "missing"], str]
_SECONDS = 5
_SPOOLED = "写入 BUSBAR_HOME/outbox，不会送达"
_HTTPS_PORT, _HTTP_PORT = 443, 80


def sms() -> Answer:
    """The SMS provider of `BUSBAR_SMS_URL`."""
    url = urlsplit(settings.BUSBAR_SMS_URL)
    if not url.hostname:
        return "note", f"没有设置 BUSBAR_SMS_URL，短信{_SPOOLED}"
    is_secure = url.scheme == "https"
    try:
        place = (url.hostname, url.port or (_HTTPS_PORT if is_secure else _HTTP_PORT))
        with socket.create_connection(place, timeout=_SECONDS) as plain:
            if is_secure:
                with ssl.create_default_context().wrap_socket(plain, server_hostname=place[0]):
                    pass
    except (OSError, ValueError) as error:
        return "missing", f"{url.hostname} 没有应答：{error}"
    if not settings.BUSBAR_SMS_SECRET:
        return "note", f"{url.hostname} 有应答，但没有设置 BUSBAR_SMS_SECRET，短信没有可信的签名"
    return "ok", f"{url.hostname} 有应答"


def email() -> Answer:
    """The mail server of `BUSBAR_MAIL_URL`, signed in to as when a letter goes out."""
    if not settings.BUSBAR_GATEWAYS["email"].endswith("EmailGateway"):
        return "note", f"没有设置 BUSBAR_MAIL_URL，邮件{_SPOOLED}"
    place = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    connection = get_connection(timeout=_SECONDS)
    try:
        connection.open()
        connection.close()
    except smtplib.SMTPAuthenticationError as error:
        return "missing", f"{place} 不接受用户名和口令（{error.smtp_code}）"
    except OSError as error:  # smtplib's other errors are OSErrors
        return "missing", f"{place} 没有应答：{error}"
    return "ok", f"{place} 有应答，发件人 {settings.DEFAULT_FROM_EMAIL}"
