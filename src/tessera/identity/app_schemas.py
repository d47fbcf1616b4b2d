"""The bodies and answers of what apps of an organization's own call (docs/tokens.md)."""

from typing import Annotated, Literal

from pydantic import Field

from tessera.http.schemas import In, Instant, Out
from tessera.people.types import CustomerStatus

Secret = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}$", description="As it was given with the attempt.")]
Audience = Annotated[str, Field(min_length=1, max_length=300, description="What the app is called.")]
RefreshToken = Annotated[str, Field(min_length=1, max_length=300, description="The last one that was given.")]


class SignInCodeIn(In):
    """A code is to be sent. `secret`: that of an earlier answer, to have another code sent in its place."""

    email: Annotated[str, Field(min_length=1, max_length=300)]
    locale: Annotated[str, Field(max_length=20, examples=["de"])] = ""
    secret: Secret | None = None


class SignInCodeOut(Out):
    """A code is on its way, or so it looks to whoever asked. It counts together with `secret` alone."""

    attempt: str
    secret: str
    email: str
    resend_at: Instant
    expires_at: Instant


class CodeGrantIn(In):
    """The code that came is given for tokens. `customer`: which of several people with the address; then no code."""

    grant: Literal["code"]
    attempt: Annotated[str, Field(min_length=1, max_length=300, description="As it was given when the code was sent.")]
    secret: Secret
    code: Annotated[str, Field(max_length=20, description="The six digits.")] = ""
    audience: Audience
    customer: Annotated[str, Field(min_length=1, max_length=300, description="One of the `candidates`.")] | None = None


class RefreshGrantIn(In):
    """A refresh token is given for new tokens."""

    grant: Literal["refresh"]
    refresh_token: RefreshToken
    audience: Audience


class SignOutIn(In):
    """The session of a refresh token is to end."""

    refresh_token: RefreshToken


class AppCustomerOut(Out):
    """Who is signed in. `email`: the address that they proved."""

    id: str
    number: str
    name: str
    email: str
    status: CustomerStatus


class AppOrganizationOut(Out):
    """Where somebody is signed in. `test`: a test organization, whose people are made up."""

    id: str
    name: str
    slug: str
    test: bool


class AppSessionOut(Out):
    """A session. It goes on with every refresh."""

    id: str
    since: Instant
    expires_at: Instant


class AppTokensOut(Out):
    """What an app is given: it shows the access token, and keeps the refresh token to itself."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  (a word, not a secret)
    expires_in: Annotated[int, Field(description="Seconds.")]
    refresh_token: str
    refresh_expires_at: Instant
    customer: AppCustomerOut


class SignedInOut(Out):
    """Who shows an access token. `audience`: the app that it is for."""

    customer: AppCustomerOut
    organization: AppOrganizationOut
    session: AppSessionOut
    audience: str
