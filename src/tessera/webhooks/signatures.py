"""Signing messages as Standard Webhooks 1.0.0 has it, and the secrets that do it: shown once, kept sealed."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from standardwebhooks import Webhook

from tessera.db import sealed
from tessera.webhooks.models import WebhookEndpoint

PREFIX: Final = "whsec_"
_BYTES: Final = 32  # the specification: 24 to 64


def fresh_secret() -> str:
    """Return a secret nobody has yet: `whsec_` and 32 random bytes in base 64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def seal(secret: str, endpoint: WebhookEndpoint) -> str:
    """Return the secret as it is kept in the endpoint's row, and opens nowhere else."""
    return sealed.seal(secret, context=endpoint.sealed_for)


def secrets_at(endpoint: WebhookEndpoint, at: datetime) -> list[str]:
    """Return the secrets that sign at `at` (real time): the present one, and while they overlap the one before it.

    Raises Unsealable if the installation's keys do not open them.
    """
    kept = [endpoint.secret]
    if endpoint.previous_secret_until is not None and at < endpoint.previous_secret_until:
        kept.append(endpoint.previous_secret)
    return [sealed.unseal(each, context=endpoint.sealed_for) for each in kept]


def headers(message_id: str, body: str, *, signed_by: Sequence[str], at: datetime) -> dict[str, str]:
    """Return the three headers by which a receiver knows who sent `body`, and when (`at`, real time)."""
    signatures = [Webhook(secret).sign(message_id, at, body) for secret in signed_by]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
