"""What signing in refuses, in words that can be shown."""

from tessera.core.errors import NotFound
from tessera.http.errors import Unauthenticated


class TokenInvalid(Unauthenticated):
    """A token that we did not sign, or that is over, altered, of another kind, or for somebody else."""

    code = "token_invalid"


class SigningKeyUnknown(NotFound):
    """There is no such key, or it was revoked before."""

    code = "signing_key_unknown"
