"""One attempt at one message: made, signed and sent. Nothing is written, and nothing raised for what comes of it."""

import logging
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from django.db import OperationalError

import tessera
from tessera import organizations
from tessera.core.phrases import phrase, said
from tessera.db.sealed import Unsealable
from tessera.events.queries import EventLine
from tessera.http import outbound
from tessera.webhooks import messages, retries, signatures
from tessera.webhooks.messages import Message
from tessera.webhooks.models import Delivery, WebhookEndpoint
from tessera.webhooks.types import Payload

SECONDS: Final = 15.0
_KEPT_BYTES: Final = 2_048
_SENT_AS: Final = f"Tessera/{tessera.__version__} (webhooks)"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to. `failure` is a stable word and `detail` says it in full; both empty if it succeeded.

    `asked`: how long the receiver asked to be left alone.
    """

    at: datetime
    milliseconds: int = 0
    status_code: int | None = None
    failure: str = ""
    detail: str = ""
    response_body: str = ""
    asked: timedelta | None = None

    @property
    def succeeded(self) -> bool:
        return not self.failure

    @property
    def gone(self) -> bool:
        """Whether the receiver says that it will never take anything again."""
        return self.status_code == HTTPStatus.GONE


def attempt(delivery: Delivery, endpoint: WebhookEndpoint, line: EventLine | None, *, at: datetime) -> Outcome:
    """Send the message to the endpoint, whose organization has been read with it. `at`: real time, now.

    Raises OperationalError only: that the database cannot be asked is no failure of the receiver's.
    """
    begun = time.monotonic()
    try:
        message = _message(delivery, endpoint, line)
        signed = signatures.headers(message.id, message.body, signed_by=signatures.secrets_at(endpoint, at), at=at)
        answer = outbound.request(
            "POST",
            endpoint.url,
            headers={"Content-Type": "application/json", "User-Agent": _SENT_AS, **signed},
            body=message.body.encode(),
            seconds=SECONDS,
            most_bytes=_KEPT_BYTES,
            allow_http=endpoint.organization.is_test,
        )
    except outbound.OutboundRefused as refusal:
        return _failed(at, "refused", said("not sent: {reason}", reason=phrase(refusal.detail)))
    except outbound.OutboundFailed as failure:
        return replace(
            _failed(at, failure.reason, failure.detail), milliseconds=round((time.monotonic() - begun) * 1000)
        )
    except Unsealable:
        log.exception("the secret of the webhook endpoint %s does not open", endpoint.pk)
        return _failed(
            at, "secret_unreadable", said("its secret cannot be read: the installation's keys do not open it")
        )
    except OperationalError:
        raise
    except Exception:  # what we cannot make or send must not hold up what is behind it
        log.exception("the delivery %s could not be sent", delivery.pk)
        return _failed(at, "not_made", said("the message could not be made; the log says why"))
    verdict, detail = _verdict(answer.status)
    return Outcome(
        at=at,
        milliseconds=answer.milliseconds,
        status_code=answer.status,
        failure=verdict,
        detail=detail,
        response_body=answer.body[:_KEPT_BYTES].decode(errors="replace").replace("\0", "\ufffd"),
        asked=_asked(answer, at),
    )


def _message(delivery: Delivery, endpoint: WebhookEndpoint, line: EventLine | None) -> Message:
    if delivery.event_id is None:
        return messages.of_test(delivery, endpoint)
    if line is None:
        raise LookupError(f"there is no event {delivery.event_id}")
    organization = endpoint.organization
    return messages.of_event(
        line, organization=organization, payload=Payload(endpoint.payload), at=organizations.now(organization)
    )


def _failed(at: datetime, failure: str, detail: str) -> Outcome:
    return Outcome(at=at, failure=failure, detail=detail)


def _verdict(status: int) -> tuple[str, str]:
    if 200 <= status < 300:
        return "", ""
    if 300 <= status < 400:
        return "redirect", said("answered {status}: redirects are not followed", status=str(status))
    if status == HTTPStatus.GONE:
        return "gone", said("answered 410: it wants nothing more")
    return "status", said("answered {status}", status=str(status))


def _asked(answer: outbound.Answer, at: datetime) -> timedelta | None:
    if answer.status not in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return None
    return retries.asked_to_wait(answer.headers.get("retry-after"), at=at)
