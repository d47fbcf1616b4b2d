"""What a receiver of webhooks has got: messages whose signature was verified, and those it turned away."""

import json
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from standardwebhooks import Webhook, WebhookVerificationError

KEPT: Final = 200
_LONGEST_SHOWN: Final = 20_000


class Answer(StrEnum):
    """What the receiver says to what it gets, so that retries can be watched."""

    ACCEPT = "accept"
    FAIL = "fail"
    LATER = "later"
    GONE = "gone"

    @property
    def status(self) -> int:
        return {Answer.ACCEPT: 204, Answer.FAIL: 500, Answer.LATER: 503, Answer.GONE: 410}[self]


@dataclass(frozen=True, slots=True)
class Message:
    """One request. `fault`: why it was turned away; empty if its signature is right. `again`: it had come before."""

    number: int
    at: datetime
    id: str
    type: str
    body: str
    fault: str
    again: bool
    status: int


class Inbox:
    """Keeps the latest two hundred messages, in memory, for any number of threads."""

    def __init__(self, secret: str) -> None:
        self._webhook = Webhook(secret)
        self._lock = threading.Lock()
        self._messages: deque[Message] = deque(maxlen=KEPT)
        self._seen: set[str] = set()
        self._count = 0
        self.answer = Answer.ACCEPT

    @property
    def count(self) -> int:
        """How many have come since the start."""
        return self._count

    def messages(self) -> list[Message]:
        """Return what is kept, the latest first."""
        with self._lock:
            return list(reversed(self._messages))

    def clear(self) -> None:
        """Forget what is shown; what has come before is still known."""
        with self._lock:
            self._messages.clear()

    def receive(self, headers: Mapping[str, str], body: bytes, *, at: datetime) -> int:
        """Verify a message, keep it, and return the status to answer with: 400 if it is not from who it says."""
        fault, kind, message_id = "", "", headers.get("webhook-id", "")[:200]
        try:
            told = self._webhook.verify(body, dict(headers))
            kind = str(told.get("type", "")) if isinstance(told, dict) else ""
        except (WebhookVerificationError, ValueError) as reason:
            fault = str(reason) or "the signature is wrong"
        with self._lock:
            status = 400 if fault else self.answer.status
            again = not fault and message_id in self._seen
            if status == 204:
                self._seen.add(message_id)
            self._count += 1
            self._messages.append(Message(self._count, at, message_id, kind, _legible(body), fault, again, status))
        return status


def _legible(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    with suppress(ValueError):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return text[:_LONGEST_SHOWN]
