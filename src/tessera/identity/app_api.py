"""What apps of an organization's own call, to sign customers in (docs/tokens.md). JSON, and problem documents.

Nothing here goes by cookies. A page may call it only from a site that the organization allows; a native app sends no
`Origin`, and is nobody in particular until it shows a token.
"""

import json
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from pydantic import ValidationError

from tessera.core import ids
from tessera.core.errors import Invalid, NotFound, TesseraError
from tessera.core.ids import Prefix
from tessera.http import edge, limits, problems
from tessera.http.api import StrictParser
from tessera.http.errors import MalformedJson, MethodNotAllowed, TooManyRequests
from tessera.http.openapi import Plain
from tessera.http.schemas import In, Out
from tessera.identity import app_tokens, codes, signatures
from tessera.identity.app_schemas import (
    AppCustomerOut,
    AppOrganizationOut,
    AppSessionOut,
    AppTokensOut,
    CodeGrantIn,
    RefreshGrantIn,
    SignedInOut,
    SignInCodeIn,
    SignInCodeOut,
    SignOutIn,
)
from tessera.identity.app_tokens import AppTokens
from tessera.identity.errors import (
    CodeExpired,
    CodeVoid,
    CodeWrong,
    OriginNotAllowed,
    PersonAmbiguous,
    RefreshTokenInvalid,
    RefreshTokenReused,
    TokenInvalid,
)
from tessera.identity.types import SignedIn, Surface
from tessera.organizations.errors import FieldInvalid
from tessera.organizations.models import Organization
from tessera.people.errors import EmailInvalid
from tessera.people.types import CustomerStatus

_SECRET_BYTES: Final = 32
_PREFLIGHT_KEPT: Final = "600"  # seconds

B = TypeVar("B", bound=In)
View = Callable[[HttpRequest, Organization], HttpResponse]


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
    body = _read(request, SignInCodeIn)
    secret = body.secret or secrets.token_urlsafe(_SECRET_BYTES)
    asked = codes.ask(
        organization=club,
        address=body.email,
        browser=secret,
        surface=Surface.APP,
        client_address=request.META["REMOTE_ADDR"],
        locale=body.locale,
    )
    told = SignInCodeOut(
        attempt=asked.attempt,
        secret=secret,
        email=asked.address,
        resend_at=asked.resend_at,
        expires_at=asked.expires_at,
    )
    return _json(told, status=202)


@answering("POST")
def token(request: HttpRequest, club: Organization) -> HttpResponse:
    """Give tokens for a code, or for a refresh token.

    If several people have the address, 409 `person_ambiguous` names them as `candidates`, each with `id` and `name`:
    send the same again with `customer` in the place of the code.
    """
    grant = _json_object(request).get("grant")
    if grant == "refresh":
        body = _read(request, RefreshGrantIn)
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
    app_tokens.revoke(organization=club, token=_read(request, SignOutIn).refresh_token)
    return HttpResponse(status=204)


@answering("GET")
def me(request: HttpRequest, club: Organization) -> HttpResponse:
    """Say who is signed in with this access token."""
    scheme, _, shown = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not shown:
        raise TokenInvalid("send an access token: Authorization: Bearer eyJ…")
    signed_in, verified = app_tokens.recognised(organization=club, token=shown.strip())
    return _json(
        SignedInOut(
            customer=_customer(signed_in),
            organization=AppOrganizationOut(
                id=ids.to_text(Prefix.ORGANIZATION, club.pk),
                name=club.name,
                slug=club.slug,
                test=club.is_test,
            ),
            session=AppSessionOut(
                id=ids.to_text(Prefix.SESSION, signed_in.session_id),
                since=signed_in.since,
                expires_at=signed_in.expires_at,
            ),
            audience=str(verified.claims["aud"]),
        )
    )


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
        AppTokensOut(
            access_token=tokens.access_token,
            expires_in=tokens.expires_in,
            refresh_token=tokens.refresh_token,
            refresh_expires_at=tokens.refresh_expires_at,
            customer=_customer(tokens.signed_in),
        )
    )


def _customer(signed_in: SignedIn) -> AppCustomerOut:
    customer = signed_in.customer
    return AppCustomerOut(
        id=ids.to_text(Prefix.CUSTOMER, customer.pk),
        number=customer.number,
        name=customer.name,
        email=signed_in.address,
        status=CustomerStatus(customer.status),
    )


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


def _json(told: Out, *, status: int = 200) -> HttpResponse:
    return HttpResponse(json.dumps(told.model_dump(mode="json")), status=status, content_type="application/json")


def _described(name: str, verb: str, view: Callable[..., HttpResponse], **further: Any) -> Plain:
    """Return what the document says of a view: its own words, and what every one of them refuses."""
    refuses = (NotFound, OriginNotAllowed, TooManyRequests, *further.pop("refuses"))
    return Plain(
        path=f"/identity/{{organization}}/{name}",
        verb=verb,
        text=view.__doc__ or "",
        tag="apps",
        parameters={"organization": "Its address in its pages, such as `strand-house`."},
        refuses=refuses if verb == "get" else (*refuses, MalformedJson, Invalid),
        **further,
    )


OPERATIONS: Final = (
    _described(
        "codes",
        "post",
        codes_,
        id="ask_for_sign_in_code",
        takes=(SignInCodeIn,),
        status=202,
        gives=SignInCodeOut,
        refuses=(EmailInvalid,),
    ),
    _described(
        "token",
        "post",
        token,
        id="give_app_tokens",
        takes=(CodeGrantIn, RefreshGrantIn),
        status=200,
        gives=AppTokensOut,
        refuses=(
            FieldInvalid, CodeWrong, CodeVoid, CodeExpired, PersonAmbiguous, RefreshTokenInvalid, RefreshTokenReused
        ),
    ),
    _described("revoke", "post", revoke, id="sign_app_out", takes=(SignOutIn,), status=204, gives=None, refuses=()),
    _described(
        "me", "get", me, id="show_signed_in", status=200, gives=SignedInOut, refuses=(TokenInvalid,), by_token=True
    ),
)  # fmt: skip
