"""Mail that goes into a folder instead of out: what a demo and development send, to be looked at.

One file a message (RFC 5322), named by its time and at random, under TESSERA_HOME. Written beside its place and then
moved there, so that a reader never sees half of one and any number of processes may write.
"""

import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from tessera.core import clock

FOLDER: Final = "mailbox"
MOST: Final = 100
_MOST_BYTES: Final = 5_000_000
_TIME: Final = "%Y%m%dT%H%M%S%f"
_ID: Final = re.compile(r"([0-9]{8}T[0-9]{12})Z-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Received:
    """A message in the mailbox. `at` is when it was sent; `text` and `html` are "" where it has none."""

    id: str
    at: datetime
    to: str
    sender: str
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]


class Backend(BaseEmailBackend):
    """Django's way to send, into the mailbox under TESSERA_HOME."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write each message into a file of its own; return how many."""
        folder = settings.HOME / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            _put(folder, message.message().as_bytes())
        return len(email_messages)


def in_use() -> bool:
    """Whether mail goes into the mailbox, and so to nobody."""
    return bool(f"{Backend.__module__}.{Backend.__qualname__}" == settings.EMAIL_BACKEND)


def read_mailbox(home: Path, *, most: int = MOST) -> list[Received]:
    """Return the newest messages in the mailbox, newest first. What is no message of ours is passed over."""
    found: list[Received] = []
    for name in sorted(_names(home / FOLDER), reverse=True):
        if len(found) == most:
            break
        message = read_message(home, name)
        if message is not None:
            found.append(message)
    return found


def read_message(home: Path, id: str) -> Received | None:  # noqa: A002  (what it is called in the mailbox)
    """Return one message of the mailbox; None if there is none of this id."""
    at = _sent_at(id)
    if at is None:
        return None
    try:
        with (home / FOLDER / f"{id}.eml").open("rb") as file:
            message = message_from_bytes(file.read(_MOST_BYTES))
    except OSError:  # taken away meanwhile, or a folder of that name
        return None
    headers = tuple((name, _decoded(value)) for name, value in message.items())
    by_name = {name.lower(): value for name, value in reversed(headers)}
    text, html = (_body(message, kind) for kind in ("text/plain", "text/html"))
    to, sender, subject = (by_name.get(name, "") for name in ("to", "from", "subject"))
    return Received(id, at, to, sender, subject, text, html, headers)


def forget(speaks_of_them: Callable[[str], bool]) -> None:
    """Remove the messages to or about somebody who is to be forgotten."""
    for name in list(_names(settings.HOME / FOLDER)):
        message = read_message(settings.HOME, name)
        if message is not None and any(map(speaks_of_them, (message.to, message.subject, message.text, message.html))):
            (settings.HOME / FOLDER / f"{name}.eml").unlink(missing_ok=True)


def _put(folder: Path, content: bytes) -> None:
    name = f"{clock.now():{_TIME}}Z-{secrets.token_hex(8)}"
    unfinished = folder / f".{name}"
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    unfinished.rename(folder / f"{name}.eml")


def _sent_at(id: str) -> datetime | None:  # noqa: A002
    named = _ID.fullmatch(id)
    try:
        return datetime.strptime(named[1], _TIME).replace(tzinfo=UTC) if named else None
    except ValueError:  # no such day
        return None


def _names(folder: Path) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            yield from (entry.name.removesuffix(".eml") for entry in entries if entry.name.endswith(".eml"))
    except (FileNotFoundError, NotADirectoryError):
        return


def _decoded(value: Any) -> str:
    """Return a header as people read it, folded lines joined; as it stands if it is not encoded right."""
    raw = re.sub(r"\r?\n", "", str(value))
    try:
        return str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, ValueError):
        return raw


def _body(message: "Message[Any, Any]", kind: str) -> str:
    """Return the first part of a kind that is no attachment; "" if there is none."""
    for part in _parts(message):
        if part.get_content_type() == kind and part.get_content_disposition() != "attachment":
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                return _text(content, part.get_content_charset("utf-8"))
    return ""


def _parts(message: "Message[Any, Any]") -> Iterable["Message[Any, Any]"]:
    return (part for part in message.walk() if not part.is_multipart())


def _text(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset, errors="replace").replace("\r\n", "\n")
    except (LookupError, ValueError):
        return content.decode("latin-1").replace("\r\n", "\n")
