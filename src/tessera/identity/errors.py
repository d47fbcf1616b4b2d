"""What signing in refuses, in words that can be shown to whoever sits there."""

from collections.abc import Sequence

from tessera.core.errors import Conflict, Forbidden, Invalid, NotFound
from tessera.http.errors import Unauthenticated
from tessera.identity.types import Candidate, ProofReason, Refusal


class CodeWrong(Invalid):
    """Not the code that was sent. `tries_left` says how many more may be entered."""

    code = "email_code_wrong"

    def __init__(self, detail: str, *, tries_left: int) -> None:
        super().__init__(detail, pointer="/code", tries_left=tries_left)
        self.tries_left = tries_left


class CodeVoid(Conflict):
    """The code counts no more: used, replaced by a newer one, guessed at too often, or asked for in another browser."""

    code = "email_code_void"


class CodeExpired(Conflict):
    """The code was good for ten minutes, and they are over."""

    code = "email_code_expired"


class PersonAmbiguous(Conflict):
    """Several people have the address; whoever proved it says which of them they are."""

    code = "person_ambiguous"

    def __init__(self, detail: str, *, candidates: Sequence[Candidate]) -> None:
        super().__init__(detail, pointer="/choice")
        self.candidates = tuple(candidates)


class ProofNeeded(Conflict):
    """A site's word is not enough to be signed in: a code by e-mail is asked for, at `address` if that is known."""

    code = "proof_needed"

    def __init__(self, detail: str, *, reason: ProofReason, address: str = "") -> None:
        super().__init__(detail, reason=str(reason))
        self.reason, self.address = reason, address


class InjectionRefused(Forbidden):
    """A site's token does not sign its visitor in. `code` is one of `Refusal`."""

    code = "injection_refused"

    def __init__(self, refusal: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.refusal = refusal
        self.code = str(refusal)  # type: ignore[misc]  # one class for all that is wrong with a token


class TokenInvalid(Unauthenticated):
    """A token that we did not sign, or that is over, altered, of another kind, or for somebody else."""

    code = "token_invalid"


class PasskeyUnknown(NotFound):
    """The customer has no such passkey."""

    code = "passkey_unknown"


class TooManyPasskeys(Conflict):
    """A customer has ten passkeys at most."""

    code = "too_many_passkeys"


class RefreshTokenInvalid(Unauthenticated):
    """A refresh token that was never given, is over, or is of another app or organization."""

    code = "refresh_token_invalid"


class RefreshTokenReused(Unauthenticated):
    """The refresh token had been used before, so it may be in wrong hands: the session it belonged to is over."""

    code = "refresh_token_reused"


class OriginNotAllowed(Forbidden):
    """The page that asks is of a site that the organization has not allowed."""

    code = "origin_not_allowed"


class SigningKeyUnknown(NotFound):
    """There is no such key, or it was revoked before."""

    code = "signing_key_unknown"


class SiteLinkUnknown(NotFound):
    """The customer is linked to no such site."""

    code = "site_link_unknown"
