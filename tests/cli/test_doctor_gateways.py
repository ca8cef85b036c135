"""`busbar doctor` greets the gateways of messages and sends nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from busbar.cli import doctor_gateways

EMAIL = "busbar.notifications.gateways.EmailGateway"


class Server:
    """A mail server of three sentences; keeps what it was told."""

    def __init__(self, *, password_is_right: bool = True) -> None:
        self.heard: list[str] = []
        self._signed_in = b"235 ok\r\n" if password_is_right else b"535 no\r\n"
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        try:
            while True:
                connection, _ = self._listening.accept()
                with connection, connection.makefile("rwb") as talk:
                    self._talk(talk)
        except OSError:
            return  # closed

    def _talk(self, talk: Any) -> None:
        talk.write(b"220 here\r\n")
        talk.flush()
        for line in talk:
            word = line.decode().split()[0].upper()
            self.heard.append(word)
            answers = {"EHLO": b"250-here\r\n250 AUTH PLAIN\r\n", "AUTH": self._signed_in}
            talk.write(answers.get(word, b"221 bye\r\n"))
            talk.flush()
            if word == "QUIT":
                return

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def use_mail(settings: Any, port: int) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.BUSBAR_GATEWAYS = {"email": EMAIL, "sms": ""}
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "busbar", "secret"
    settings.EMAIL_USE_SSL = False


class TestEmail:
    def test_that_is_not_set_up_is_told(self, settings: Any) -> None:
        settings.BUSBAR_GATEWAYS = {"email": "busbar.notifications.gateways.SpoolGateway"}

        assert doctor_gateways.email() == (
            "note",
            "没有设置 BUSBAR_MAIL_URL，邮件写入 BUSBAR_HOME/outbox，不会送达",
        )

    def test_that_answers_is_signed_in_to_and_left(self, settings: Any, server: Server) -> None:
        use_mail(settings, server.port)

        state, text = doctor_gateways.email()

        assert (state, text.split("，")[0]) == ("ok", f"127.0.0.1:{server.port} 有应答")
        assert server.heard == ["EHLO", "AUTH", "QUIT"]

    def test_that_takes_no_password_says_so_without_it(self, settings: Any) -> None:
        server = Server(password_is_right=False)
        use_mail(settings, server.port)

        state, text = doctor_gateways.email()

        server.close()
        assert (state, text) == ("missing", f"127.0.0.1:{server.port} 不接受用户名和口令（535）")

    def test_that_does_not_answer_is_missing(self, settings: Any) -> None:
        use_mail(settings, free_port())

        state, text = doctor_gateways.email()

        assert state == "missing"
        assert "没有应答" in text


class TestSms:
    def test_that_is_not_set_up_is_told(self, settings: Any) -> None:
        settings.BUSBAR_SMS_URL = ""

        assert doctor_gateways.sms()[0] == "note"

    @pytest.mark.parametrize(("secret", "state"), [("s", "ok"), ("", "note")])
    def test_that_answers_is_not_sent_anything(
        self, settings: Any, server: Server, secret: str, state: str
    ) -> None:
        settings.BUSBAR_SMS_URL = f"http://127.0.0.1:{server.port}/sms"
        settings.BUSBAR_SMS_SECRET = secret

        assert doctor_gateways.sms()[0] == state
        assert server.heard == []

    def test_that_does_not_answer_is_missing(self, settings: Any) -> None:
        settings.BUSBAR_SMS_URL = f"https://127.0.0.1:{free_port()}/sms"

        state, text = doctor_gateways.sms()

        assert state == "missing"
        assert text.startswith("127.0.0.1 没有应答")
