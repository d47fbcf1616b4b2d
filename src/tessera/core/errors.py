"""Expected refusals: each has a stable code, an HTTP status and a text that is safe to show.

They are mapped to answers once, in `http/problems.py`. Anything else that is raised is a bug.
"""

from typing import ClassVar


class TesseraError(Exception):
    """An expected refusal. `detail` says what is wrong and what would be right.

    `pointer` is the JSON pointer of the offending input ("/starts_at"), where there is one.
    `extra` holds further members of the problem document: JSON values, ids and numbers only.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400

    def __init__(self, detail: str, *, pointer: str | None = None, **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer
        self.extra = extra


class Invalid(TesseraError):
    """What was sent cannot be understood or is out of bounds."""

    code = "invalid"
    status = 422


class Forbidden(TesseraError):
    """The caller is known, but may not do this."""

    code = "forbidden"
    status = 403


class NotFound(TesseraError):
    """No such thing in the caller's organization; another organization's things do not exist."""

    code = "not_found"
    status = 404


class Conflict(TesseraError):
    """Well formed, but the present state of things does not allow it."""

    code = "conflict"
    status = 409
