"""Settings, staff: inviting people by mail, again, and no longer."""

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.console.once import once
from tessera.console.staff_member import ROLES, ROLES_SAID
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.notices import services as notices
from tessera.organizations import invitations, sessions, tokens
from tessera.organizations.models import Invitation
from tessera.organizations.rights import Right, Role


class InvitationForm(forms.Form):
    """Whom, as what."""

    email = forms.EmailField(max_length=254, label=_("E-mail"))
    name = forms.CharField(
        max_length=200, required=False, label=_("Name"), help_text=_("As you know them. They can say it otherwise.")
    )
    role = forms.ChoiceField(choices=ROLES, widget=forms.RadioSelect, label=_("Role"), initial=Role.FRONT_DESK)


@staff_may(Right.STAFF_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: StaffRequest) -> HttpResponse:
    """Ask somebody to work here."""
    form = InvitationForm(answers.sent(request))
    if request.method == "POST" and form.is_valid():
        made: list[Invitation] = []

        def carry_out() -> str:
            made.append(
                invitations.invite(
                    organization=request.staff.organization,
                    email=form.cleaned_data["email"],
                    name=form.cleaned_data["name"],
                    role=Role(form.cleaned_data["role"]),
                    invited_by=request.staff.row,
                    at=request.staff.at,
                    sent_at=sessions.present_instant(),
                    actor=request.staff.actor,
                )
            )
            return _back(request)

        try:
            address = answers.carried_out(lambda: once(request, carry_out))
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            if made and not _mailed(request):
                return _link_shown(request, made[0])
            said = gettext("An invitation is on its way to %(email)s.") % {"email": form.cleaned_data["email"].lower()}
            return answers.done(request, address, said)
    return answers.drawer(
        request,
        "console/staff/invite.html",
        section="staff",
        status=422 if form.errors else 200,
        form=form,
        roles=[(each, each.called, str(ROLES_SAID[each])) for each in Role],
        chosen=form["role"].value(),
        days=invitations.DAYS,
        mails=_mailed(request),
        action=request.path,
        back=_back(request),
    )


@staff_may(Right.STAFF_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: StaffRequest, ref: str) -> HttpResponse:
    """Send it once more, for another seven days."""
    invitation = invitations.waiting_by_reference(request.staff.organization, ref)
    if request.method == "POST":
        sent_again: list[Invitation] = []

        def carry_out() -> str:
            sent_again.append(
                invitations.invite_again(
                    invitation=invitation,
                    at=request.staff.at,
                    sent_at=sessions.present_instant(),
                    actor=request.staff.actor,
                )
            )
            return _back(request)

        address = answers.carried_out(lambda: once(request, carry_out))
        if sent_again and not _mailed(request):
            return _link_shown(request, sent_again[0])
        said = gettext("The invitation is on its way to %(email)s again.") % {"email": invitation.email}
        return answers.done(request, address, said)
    return answers.drawer(
        request,
        "console/_confirm.html",
        section="staff",
        title=gettext("Invite %(email)s again") % {"email": invitation.email},
        sentences=[
            gettext("A new link is sent, which is good for seven days. The one sent before is worth nothing then.")
        ],
        button=gettext("Send it again"),
        action=request.path,
        back=_back(request),
        problem="",
    )


@staff_may(Right.STAFF_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: StaffRequest, ref: str) -> HttpResponse:
    """Let the link be worth nothing."""
    invitation = invitations.waiting_by_reference(request.staff.organization, ref)
    if request.method == "POST":
        invitations.withdraw(
            invitation=invitation,
            at=request.staff.at,
            withdrawn_at=sessions.present_instant(),
            actor=request.staff.actor,
        )
        said = gettext("The invitation of %(email)s is withdrawn.") % {"email": invitation.email}
        return answers.done(request, _back(request), said)
    return answers.drawer(
        request,
        "console/_confirm.html",
        section="staff",
        title=gettext("Withdraw the invitation of %(email)s") % {"email": invitation.email},
        sentences=[gettext("The link that was sent opens nothing any more. No mail tells them.")],
        button=gettext("Withdraw it"),
        hurts=True,
        action=request.path,
        back=_back(request),
        problem="",
    )


def _link_shown(request: StaffRequest, invitation: Invitation) -> HttpResponse:
    """Where no mail is sent, whoever invites hands the link over themselves."""
    reference = ids.to_text(Prefix.INVITATION, invitation.pk)
    path = reverse("console:invitation", args=[reference, tokens.of_invitation(invitation)])
    return answers.drawer(
        request,
        "console/staff/link.html",
        section="staff",
        link=settings.BASE_URL + path,
        invitation=invitation,
        back=_back(request),
    )


def _mailed(request: StaffRequest) -> bool:
    return notices.nobody_is_written_to(request.staff.organization) is None


def _back(request: StaffRequest) -> str:
    return reverse("console:staff", args=[request.staff.organization.slug])
