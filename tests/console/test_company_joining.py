"""How a company's people join it, as staff see to it; and who asks to be deleted."""

import pytest

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.organizations.models import Organization
from tessera.organizations.rights import Role
from tessera.people import own_data
from tessera.people.models import CompanyInvitation, CompanyLink
from tests import make
from tests.console.visitor import working_for

pytestmark = pytest.mark.django_db


def test_staff_make_replace_and_revoke_the_address_and_invite(club: Organization) -> None:
    acme, bystander = make.company(club), make.company(club)
    desk = working_for(club, Role.FRONT_DESK)
    assert "There is none yet." in desk.get("company_joining", acme).words

    for _ in range(2):
        desk.post("company_joining", acme, do="make", who="anyone")
    assert CompanyLink.objects.filter(company=acme, revoked_at=None).count() == 1
    assert f"/join/{club.slug}/company/" in desk.get("company_joining", acme).text
    desk.post("company_joining", acme, do="revoke")
    assert not CompanyLink.objects.filter(revoked_at=None).exists()

    refused = desk.post("company_joining", acme, do="invite", address="nobody")
    assert (refused.status, 'value="nobody"' in refused.text) == (422, True)
    desk.post("company_joining", acme, do="invite", address="ada@home.example")
    row = CompanyInvitation.objects.get()
    assert row.invited_by == str(Actor.staff(desk.staff.pk if desk.staff else row.pk))
    which = ids.to_text(Prefix.COMPANY_INVITATION, row.pk)
    assert desk.post("company_joining", bystander, do="withdraw", invitation=which).status == 422
    desk.post("company_joining", acme, do="withdraw", invitation=which)
    assert CompanyInvitation.objects.get().withdrawn_at is not None
    types = Event.objects.filter(organization=club, type__startswith="company.").order_by("sequence")
    assert list(types.values_list("type", flat=True)) == [
        "company.link_made",
        "company.link_made",
        "company.link_revoked",
        "company.invited",
        "company.invitation_withdrawn",
    ]


def test_a_viewer_does_not_see_the_address(club: Organization) -> None:
    acme, viewer = make.company(club), working_for(club, Role.VIEWER)
    assert viewer.get("company_joining", acme).status == 403
    assert "How people join" not in viewer.get("company", acme).words


def test_who_asks_to_be_deleted_needs_a_person(club: Organization) -> None:
    ada = make.customer(club)
    desk = working_for(club, Role.FRONT_DESK)
    assert "asks to be deleted" not in desk.get("home").words
    own_data.ask_deletion(customer=ada, at=make.JAN_10, actor=Actor.customer(ada.pk))
    assert f"{ada.name} asks to be deleted" in desk.get("home").words
    assert "Asks to be deleted" in desk.get("customer", ada).words
    own_data.withdraw_deletion(customer=ada, at=make.JAN_10, actor=Actor.customer(ada.pk))
    assert "asks to be deleted" not in desk.get("home").words
    assert "Asks to be deleted" not in desk.get("customer", ada).words
