"""Answering an invitation to work for an organization, by the link in its mail."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from tessera import organizations
from tessera.console import answers
from tessera.console.access import ANYONE, open_to
from tessera.console.account import PasswordForm, sent
from tessera.console.signin import with_next
from tessera.core.errors import TesseraError
from tessera.organizations import invitations, sessions, tokens
from tessera.organizations.errors import AlreadyStaff, InvitationOver
from tessera.organizations.factors import Factor
from tessera.organizations.formatting import sentence
from tessera.organizations.models import Invitation, User
from tessera.organizations.rights import Role


class NewcomerForm(PasswordForm):
    """What somebody is called who has never signed in, and their password."""

    name = forms.CharField(max_length=200, label=_("Your name"), widget=forms.TextInput({"autocomplete": "name"}))
    field_order = ("name", "password")


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(ANYONE)
def answer(request: HttpRequest, ref: str, token: str) -> HttpResponse:
    """Accept: who is new chooses a name and a password, who signs in elsewhere already signs in and says yes."""
    invitation = tokens.invitation_of(ref, token)
    if invitation is None:
        return render(request, "console/invitation/over.html", status=410)
    known = User.objects.filter(email=invitation.email).first()
    if known is not None:
        return _of_somebody_known(request, invitation)
    form = NewcomerForm(sent(request), initial={"name": invitation.name})
    if request.method == "POST" and form.is_valid():
        club = invitation.organization
        try:
            staff = answers.carried_out(
                lambda: invitations.accept_as_new(
                    invitation=invitation,
                    name=form.cleaned_data["name"],
                    password=form.cleaned_data["password"],
                    at=organizations.now(club),
                    accepted_at=sessions.present_instant(),
                )
            )
        except InvitationOver:
            return render(request, "console/invitation/over.html", status=410)
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            sessions.begin(request, staff.user, by=[Factor.PASSWORD])
            return redirect("console:home", club.slug)
    return _page(request, invitation, form=form, status=422 if form.errors else 200)


def _of_somebody_known(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    user = request.user
    if not isinstance(user, User) or user.email != invitation.email:
        return _page(request, invitation, sign_in=with_next("console:signin", request.path))
    if request.method != "POST":
        return _page(request, invitation)
    club = invitation.organization
    try:
        answers.carried_out(
            lambda: invitations.accept_as(
                invitation=invitation, user=user, at=organizations.now(club), accepted_at=sessions.present_instant()
            )
        )
    except AlreadyStaff as refusal:
        return _page(request, invitation, problem=sentence(refusal.detail), status=409)
    except InvitationOver:
        return render(request, "console/invitation/over.html", status=410)
    return redirect("console:home", club.slug)


def _page(request: HttpRequest, invitation: Invitation, *, status: int = 200, **context: object) -> HttpResponse:
    inviter = invitation.invited_by.user.name if invitation.invited_by else gettext("Whoever runs this installation")
    shown: dict[str, object] = {
        "organization": invitation.organization,
        "invitation": invitation,
        "role": Role(invitation.role).called,
        "inviter": inviter,
        "problem": "",
        "somebody_else": request.user.is_authenticated,
        "signout": reverse("console:signout_anywhere"),
    }
    return render(request, "console/invitation/answer.html", {**shown, **context}, status=status)
