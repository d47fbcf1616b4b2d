"""API keys: which programs may act for the organization, making one, taking one away."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.once import once
from tessera.core import clock, ids
from tessera.core.errors import NotFound, TesseraError
from tessera.core.ids import Prefix
from tessera.http.scopes import Scope
from tessera.organizations import keys, queries
from tessera.organizations.queries import KeyRow
from tessera.organizations.rights import Right, scopes_of

_LIVES: Final = {"": None, "30": 30, "90": 90, "365": 365}
_MEANS: Final = {
    Scope.ORGANIZATION_READ: _("See how it is set up"),
    Scope.ORGANIZATION_WRITE: _("Change how it is set up, move the test clock"),
    Scope.CUSTOMERS_BAN: _("Ban and lift bans"),
    Scope.CUSTOMERS_ERASE: _("Erase for good"),
    Scope.MEMBERSHIPS_REVOKE: _("Take memberships away"),
    Scope.ACCESS_READ: _("Ask whether somebody may use something"),
    Scope.WEBHOOKS_WRITE: _("Have anything sent anywhere: as much as every read together"),
}
_NOUNS: Final = {
    "organization": _("Organization"), "permissions": _("Permissions"), "plans": _("Plans"),
    "customers": _("Customers"), "companies": _("Companies"), "memberships": _("Memberships"),
    "events": _("Events"), "access": _("Access"), "webhooks": _("Webhooks"),
}  # fmt: skip
_VERBS: Final = {"read": _("See"), "write": _("Add and change")}


@dataclass(frozen=True, slots=True)
class Choice:
    """A scope that can be ticked, or cannot because whoever asks has not got it."""

    value: str
    label: str
    ticked: bool
    beyond: bool


@dataclass(frozen=True, slots=True)
class Noun:
    """The scopes about one kind of thing."""

    name: str
    scopes: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A key in the list. `state` is one of `works`, `expired`, `revoked`, `maker_left`."""

    row: KeyRow
    ref: str
    state: str


class KeyForm(forms.Form):
    """What a key is for, what it may do, for how long."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("Which program has it: Website, Front door."))
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        choices=[(scope.value, scope.value) for scope in Scope],
        error_messages={"required": _("Tick what it may do: a key needs at least one.")},
    )
    lives = forms.ChoiceField(
        label=_("It works"),
        required=False,
        choices=[
            ("", _("Until somebody revokes it")),
            ("30", _("For 30 days")),
            ("90", _("For 90 days")),
            ("365", _("For a year")),
        ],
        widget=forms.RadioSelect,
    )  # fmt: skip

    def nouns(self, allowed: frozenset[Scope]) -> list[Noun]:
        """Return what can be ticked, by kind of thing."""
        ticked = set(self["scopes"].value() or ())
        found: dict[str, list[Choice]] = {}
        for scope in Scope:
            noun, _colon, verb = scope.value.partition(":")
            label = str(_MEANS.get(scope, _VERBS.get(verb, verb)))
            found.setdefault(noun, []).append(Choice(scope.value, label, scope.value in ticked, scope not in allowed))
        return [Noun(str(_NOUNS.get(noun, noun.capitalize())), tuple(scopes)) for noun, scopes in found.items()]


@staff_may(Right.KEYS_WRITE)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """Every key, those that open nothing any more last."""
    club = request.staff.organization
    left = keys.keys_of_who_left(club)
    rows = [
        Listed(row, ids.to_text(Prefix.API_KEY, row.id), _state(row, row.id in left)) for row in queries.keys_of(club)
    ]
    return answers.page(
        request,
        "console/settings/keys.html",
        section="keys",
        working=[each for each in rows if each.state == "works"],
        over=[each for each in rows if each.state != "works"],
    )


@staff_may(Right.KEYS_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """Make a key; the answer shows it, once."""
    staff = request.staff
    form = KeyForm(answers.sent(request))
    if request.method == "POST" and form.is_valid():
        shown: list[str] = []
        address = reverse("console:keys", args=[staff.organization.slug])

        def make() -> str:
            shown[:] = [_made(staff, form.cleaned_data)]
            return address

        try:
            answers.carried_out(lambda: once(request, make))
        except TesseraError as refusal:
            answers.refuse(form, refusal, {"expires_at": "lives"})
        else:
            if not shown:  # sent twice: the first answer had the key
                return answers.go(request, address)
            return answers.page(
                request,
                "console/settings/key_made.html",
                section="keys",
                secret=shown[0],
                example=_example(shown[0], form.cleaned_data["scopes"]),
                address=address,
            )
    return answers.page(
        request,
        "console/settings/key_new.html",
        section="keys",
        status=422 if request.method == "POST" else 200,
        form=form,
        nouns=form.nouns(scopes_of(staff.role)),
        action=request.path,
        back=reverse("console:keys", args=[staff.organization.slug]),
    )


@staff_may(Right.KEYS_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: StaffRequest, ref: str) -> HttpResponse:
    """Take a key away, saying before what stops working."""
    staff = request.staff
    club = staff.organization
    key = ids.from_text(Prefix.API_KEY, ref)
    row = next((each for each in queries.keys_of(club) if each.id == key), None)
    if key is None or row is None:
        raise NotFound("there is no such key")
    back = reverse("console:keys", args=[club.slug])
    if request.method == "POST":
        answers.carried_out(lambda: keys.revoke_key(organization=club, key_id=key, at=staff.at, actor=staff.actor))
        return answers.done(request, back, gettext("%(name)s is revoked.") % {"name": row.name})
    used = row.last_used_at is not None
    return answers.drawer(
        request,
        "console/settings/key_revoke.html",
        section="keys",
        title=gettext("Revoke %(name)s") % {"name": row.name},
        row=row,
        used=used,
        action=request.path,
        back=back,
    )


def _made(staff: Member, told: dict[str, Any]) -> str:
    days = _LIVES[told["lives"]]
    _key, secret = keys.create_key(
        organization=staff.organization,
        name=told["name"],
        scopes=[Scope(each) for each in told["scopes"]],
        made_by=staff.row,
        expires_at=None if days is None else clock.now() + timedelta(days=days),
        at=staff.at,
        actor=staff.actor,
    )
    return secret


def _example(secret: str, scopes: list[str]) -> str:
    """Return a command that works with just these scopes."""
    paths = {
        "organization:read": "organization",
        "customers:read": "customers?limit=3", "companies:read": "companies?limit=3",
        "plans:read": "plans?limit=3", "permissions:read": "permissions?limit=3",
        "memberships:read": "memberships?limit=3", "events:read": "events?after=0&limit=3",
        "webhooks:read": "webhook-endpoints?limit=3",
    }  # fmt: skip
    path = next((paths[each] for each in scopes if each in paths), None)
    if path is not None:
        return f'curl --header "Authorization: Bearer {secret}" "{settings.BASE_URL}/api/v1/{path}"'
    if Scope.ACCESS_READ.value in scopes:
        question = (
            '{"subject": {"type": "customer", "id": "CUS-000001"}, "action": {"name": "use"},'
            ' "resource": {"type": "permission", "id": "pool"}}'
        )
        return (
            f'curl --header "Authorization: Bearer {secret}" --header "Content-Type: application/json"'
            f" --data '{question}' \"{settings.BASE_URL}/access/v1/evaluation\""
        )
    return ""


def _state(row: KeyRow, left: bool) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at is not None and row.expires_at <= clock.now():
        return "expired"
    return "maker_left" if left else "works"
