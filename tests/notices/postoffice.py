"""A mail server of the suite's own, on this machine: it keeps what it accepts, and refuses what it is told to."""

import email
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from django.test import override_settings

from tests.ports import free_port


@dataclass(slots=True)
class PostOffice:
    """What came in. `refuse`, given an address, returns the line to refuse it with, or "" to accept it."""

    accepted: list[EmailMessage] = field(default_factory=list)
    refuse: Callable[[str], str] = lambda address: ""
    on_delivery: Callable[[], None] = lambda: None
    port: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self, server: object, session: object, envelope: Any, address: str, options: list[str]
    ) -> str:
        if line := self.refuse(address):
            return line
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
        message = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        with self._lock:
            self.accepted.append(message)
        self.on_delivery()
        return "250 Accepted"

    @property
    def message_ids(self) -> list[str]:
        return [str(each["Message-ID"]) for each in self.accepted]


@contextmanager
def open_post_office() -> Iterator[PostOffice]:
    """Take mail on a free port while the block runs; the installation is told to send its mails there."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # it would tell every line of every conversation
    office = PostOffice(port=free_port())
    controller = Controller(office, hostname="127.0.0.1", port=office.port)
    controller.start()
    try:
        with override_settings(EMAIL_HOST="127.0.0.1", EMAIL_PORT=office.port):
            yield office
    finally:
        controller.stop()
