"""What apps of an organization's own call, to sign customers in (docs/tokens.md). JSON, and problem documents.

Nothing here goes by cookies. A page may call it only from a site that the organization allows; a native app sends no
`Origin`, and is nobody in particular until it shows a token.
"""

import json
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Final, TypeVar

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from pydantic import Field, ValidationError

from tessera.core import ids
from tessera.core.errors import NotFound, TesseraError
from tessera.core.ids import Prefix
from tessera.core.instants import instant_text
from tessera.http import edge, limits, problems
from tessera.http.api import StrictParser
from tessera.http.errors import MethodNotAllowed
from tessera.http.schemas import In
from tessera.identity import app_tokens, codes, signatures
from tessera.identity.app_tokens import AppTokens
from tessera.identity.errors import OriginNotAllowed, PersonAmbiguous, TokenInvalid
from tessera.identity.types import SignedIn, Surface
from tessera.organizations.models import Organization
from tessera.people.types import CustomerStatus

_SECRET_BYTES: Final = 32
_PREFLIGHT_KEPT: Final = "600"  # seconds

B = TypeVar("B", bound=In)
Text = Annotated[str, Field(min_length=1, max_length=300)]
Secret = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}$")]
View = Callable[[HttpRequest, Organization], HttpResponse]


class CodeIn(In):
    """A code is to be sent. `secret`: that of an earlier answer, to have another code sent in its place."""

    email: Annotated[str, Field(min_length=1, max_length=300)]
    locale: Annotated[str, Field(max_length=20)] = ""
    secret: Secret | None = None


class CodeGrantIn(In):
    """The code that came is given for tokens. `customer`: which of several people with the address; then no code."""

    grant: str
    attempt: Text
    secret: Secret
    code: Annotated[str, Field(max_length=20)] = ""
    audience: Text
    customer: Text | None = None


class RefreshIn(In):
    """A refresh token is given for new tokens."""

    grant: str
    refresh_token: Text
    audience: Text


class RevokeIn(In):
    """The session of a refresh token is to end."""

    refresh_token: Text


def answering(*verbs: str) -> Callable[[View], Callable[..., HttpResponse]]:
    """Make a view for programs of what answers in an organization: errors as problems, and CORS for its own sites."""

    def declare(view: View) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def answered(request: HttpRequest, slug: str) -> HttpResponse:
            origin: str | None = None
            try:
                club = _organization(slug)
                origin = _allowed_origin(request, club)
                if request.method == "OPTIONS":
                    answer = _preflight(verbs)
                elif request.method not in verbs:
                    raise MethodNotAllowed(f"this is done with {' or '.join(verbs)}")
                else:
                    limits.app_token_asked_for(address=request.META["REMOTE_ADDR"])
                    edge.check_body(request)
                    answer = view(request, club)
            except _Malformed as malformed:
                answer = problems.invalid(request, malformed.errors)
            except TesseraError as error:
                answer = problems.refusal(request, error)
            if answer.status_code == 405:
                answer["Allow"] = ", ".join((*verbs, "OPTIONS"))
            if origin is not None:
                answer["Access-Control-Allow-Origin"] = origin
                answer["Access-Control-Expose-Headers"] = "Retry-After, X-Request-ID"
            patch_vary_headers(answer, ["Origin"])
            answer["Cache-Control"] = "no-store"
            answer["X-Request-ID"] = problems.request_id(request)
            return answer

        return answered

    return declare


@answering("POST")
def codes_(request: HttpRequest, club: Organization) -> HttpResponse:
    """Send a code to an address. The answer is the same whether or not anybody is known by it."""
    body = _read(request, CodeIn)
    secret = body.secret or secrets.token_urlsafe(_SECRET_BYTES)
    asked = codes.ask(
        organization=club,
        address=body.email,
        browser=secret,
        surface=Surface.APP,
        client_address=request.META["REMOTE_ADDR"],
        locale=body.locale,
    )
    told = {
        "attempt": asked.attempt,
        "secret": secret,
        "email": asked.address,
        "resend_at": instant_text(asked.resend_at),
        "expires_at": instant_text(asked.expires_at),
    }
    return _json(told, status=202)


@answering("POST")
def token(request: HttpRequest, club: Organization) -> HttpResponse:
    """Give tokens for a code, or for a refresh token."""
    grant = _json_object(request).get("grant")
    if grant == "refresh":
        body = _read(request, RefreshIn)
        given = app_tokens.refresh(organization=club, token=body.refresh_token, audience=body.audience)
        return _given(given)
    if grant != "code":
        raise _Malformed([{"loc": ("body", "body", "grant"), "type": "enum", "msg": "should be code or refresh"}])
    try:
        return _given(_by_code(request, club, _read(request, CodeGrantIn)))
    except PersonAmbiguous as several:
        people = [{"id": each.id, "name": each.name} for each in several.candidates]
        return problems.problem(
            request,
            status=several.status,
            code=several.code,
            detail=several.detail,
            extra={"candidates": people},
        )


@answering("POST")
def revoke(request: HttpRequest, club: Organization) -> HttpResponse:
    """Sign out: end the session that a refresh token belongs to. What is no token is let pass."""
    app_tokens.revoke(organization=club, token=_read(request, RevokeIn).refresh_token)
    return HttpResponse(status=204)


@answering("GET")
def me(request: HttpRequest, club: Organization) -> HttpResponse:
    """Say who is signed in with this access token."""
    scheme, _, shown = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not shown:
        raise TokenInvalid("send an access token: Authorization: Bearer eyJ…")
    signed_in, verified = app_tokens.recognised(organization=club, token=shown.strip())
    return _json({**_who(signed_in), "audience": verified.claims["aud"]})


def _by_code(request: HttpRequest, club: Organization, body: CodeGrantIn) -> AppTokens:
    signatures.check_audience(body.audience)  # before a code is spent on it
    address = request.META["REMOTE_ADDR"]
    proven = None
    if body.customer is not None:
        proven = codes.proven(organization=club, attempt=body.attempt, browser=body.secret)
    if proven is None:
        proven = codes.enter(
            organization=club, attempt=body.attempt, browser=body.secret, code=body.code, client_address=address
        )
    return app_tokens.sign_in(
        organization=club,
        proven=proven,
        audience=body.audience,
        device=request.headers.get("User-Agent", ""),
        client_address=address,
        choice=body.customer,
    )


def _given(tokens: AppTokens) -> HttpResponse:
    return _json(
        {
            "access_token": tokens.access_token,
            "token_type": "Bearer",
            "expires_in": tokens.expires_in,
            "refresh_token": tokens.refresh_token,
            "refresh_expires_at": instant_text(tokens.refresh_expires_at),
            "customer": _who(tokens.signed_in)["customer"],
        }
    )


def _who(signed_in: SignedIn) -> dict[str, Any]:
    customer, club = signed_in.customer, signed_in.organization
    return {
        "customer": {
            "id": ids.to_text(Prefix.CUSTOMER, customer.pk),
            "number": customer.number,
            "name": customer.name,
            "email": signed_in.address,
            "status": CustomerStatus(customer.status).value,
        },
        "organization": {
            "id": ids.to_text(Prefix.ORGANIZATION, club.pk), "name": club.name, "slug": club.slug, "test": club.is_test
        },
        "session": {
            "id": ids.to_text(Prefix.SESSION, signed_in.session_id),
            "since": instant_text(signed_in.since),
            "expires_at": instant_text(signed_in.expires_at),
        },
    }  # fmt: skip


class _Malformed(Exception):
    """A body that has not the form it should have. `errors` are Pydantic's, with the place in front."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__()
        self.errors = errors


def _read(request: HttpRequest, form: type[B]) -> B:
    try:
        return form.model_validate(_json_object(request))
    except ValidationError as reason:
        found = reason.errors(include_url=False, include_input=False)
        raise _Malformed(
            [{"loc": ("body", "body", *each["loc"]), "type": each["type"], "msg": each["msg"]} for each in found]
        ) from reason


def _json_object(request: HttpRequest) -> dict[str, Any]:
    body = StrictParser().parse_body(request)
    if not isinstance(body, dict):
        raise _Malformed([{"loc": ("body", "body"), "type": "dict_type", "msg": ""}])
    return body


def _organization(slug: str) -> Organization:
    club = Organization.objects.filter(slug=slug, deleting_since=None).first()
    if club is None:
        raise NotFound("there is no such organization")
    return club


def _allowed_origin(request: HttpRequest, club: Organization) -> str | None:
    """Return the site that asks, None for what is no page. Raises OriginNotAllowed."""
    origin = request.headers.get("Origin")
    if origin is not None and origin not in club.allowed_origins:
        raise OriginNotAllowed("this site may not sign people in here: see Embedding in the organization's settings")
    return origin


def _preflight(verbs: tuple[str, ...]) -> HttpResponse:
    answer = HttpResponse(status=204)
    answer["Access-Control-Allow-Methods"] = ", ".join(verbs)
    answer["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
    answer["Access-Control-Max-Age"] = _PREFLIGHT_KEPT
    return answer


def _json(told: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return HttpResponse(json.dumps(told), status=status, content_type="application/json")
