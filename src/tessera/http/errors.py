"""Refusals that any address can give, whatever it is about."""

from tessera.core.errors import Conflict, Invalid, TesseraError


class MalformedJson(TesseraError):
    """The body is not one JSON text in UTF-8 (RFC 8259)."""

    code = "malformed_json"


class Unauthenticated(TesseraError):
    """Nobody is known to be calling. Answered with `WWW-Authenticate` (RFC 6750)."""

    code = "unauthenticated"
    status = 401


class MethodNotAllowed(TesseraError):
    """The address exists, but does not do this."""

    code = "method_not_allowed"
    status = 405


class LengthRequired(TesseraError):
    """The body comes in pieces (chunked) and does not say how long it is: send a Content-Length."""

    code = "length_required"
    status = 411


class BodyTooLarge(TesseraError):
    """The body is longer than is read here. Nothing of it was looked at."""

    code = "body_too_large"
    status = 413


class UnsupportedMediaType(TesseraError):
    """The body is of another kind than JSON."""

    code = "unsupported_media_type"
    status = 415


class TooManyRequests(TesseraError):
    """The caller's allowance is spent. `retry_after` says how many whole seconds to wait, at least 1."""

    code = "too_many_requests"
    status = 429

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class InternalError(TesseraError):
    """Something went wrong here and nothing was changed. The log has the cause, under the request id."""

    code = "internal_error"
    status = 500


class CursorInvalid(Invalid):
    """The cursor was not made by this list, or has been altered."""

    code = "cursor_invalid"


class IdempotencyKeyInvalid(Invalid):
    """The key is empty, longer than 255 characters, or has others than printable ASCII."""

    code = "idempotency_key_invalid"


class IdempotencyKeyReused(Invalid):
    """The key was used for another payload within the last 24 hours."""

    code = "idempotency_key_reused"


class IdempotencyInProgress(Conflict):
    """The first request with this key is still running; ask again in a moment."""

    code = "idempotency_in_progress"


class SecretAlreadyShown(Conflict):
    """The first request with this key was answered with a secret, and secrets are shown once."""

    code = "secret_already_shown"
