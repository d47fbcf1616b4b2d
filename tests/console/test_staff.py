"""Who works here: inviting, answering, roles, shutting out, lost second factors, and who needs one."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from tessera.core import clock, ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.http import limits
from tessera.organizations import factors, tokens
from tessera.organizations.models import Invitation, Organization, Staff, User
from tessera.organizations.rights import Right, Role, may
from tests import make
from tests.console.visitor import Visitor, working_for

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_has_tried_yet() -> None:
    limits.forget_everyone()


def types(club: Organization) -> list[str]:
    return list(Event.objects.filter(organization=club).order_by("sequence").values_list("type", flat=True))


def link(invitation: Invitation) -> str:
    reference = ids.to_text(Prefix.INVITATION, invitation.pk)
    return f"/console/invitation/{reference}/{tokens.of_invitation(invitation)}"


def invited(owner: Visitor, **told: str) -> Invitation:
    page = owner.post("staff_invite", **{"email": "New@Club.example", "role": "front_desk", "name": "Nia", **told})
    assert page.status in (200, 302), page.words
    return Invitation.objects.get()


class TestInviting:
    def test_an_invitation_says_who_and_as_what_and_nothing_secret_is_kept(self, owner: Visitor) -> None:
        row = invited(owner)
        assert (row.email, row.role, row.invited_by) == ("new@club.example", "front_desk", owner.staff)
        assert types(owner.club) == ["staff.invited"]
        event = Event.objects.get()
        assert "club.example" not in str(event.data) and tokens.of_invitation(row) not in str(event.data)
        page = owner.get("staff").words
        assert "new@club.example Nia Front desk" in page

    def test_where_no_mail_is_sent_the_link_is_shown_to_be_handed_over(self, owner: Visitor) -> None:
        page = owner.post("staff_invite", email="new@club.example", role="viewer", name="")
        assert f"{link(Invitation.objects.get())}" in page.text

    def test_who_is_new_chooses_a_name_and_a_password_and_is_in(self, owner: Visitor) -> None:
        row = invited(owner)
        client = Client()
        assert b'value="Nia"' in client.get(link(row)).content
        assert client.post(link(row), {"name": "Nia N.", "password": "short"}).status_code == 422
        answer = client.post(link(row), {"name": "Nia N.", "password": "quite a long sentence"})
        assert answer.headers["Location"] == f"/console/{owner.club.slug}"
        assert client.get(f"/console/{owner.club.slug}/customers").status_code == 200
        staff = Staff.objects.get(user__email="new@club.example")
        assert (staff.user.name, staff.role) == ("Nia N.", "front_desk")
        assert types(owner.club) == ["staff.invited", "staff.added", "staff.signed_in"]

    def test_a_link_works_once(self, owner: Visitor) -> None:
        row = invited(owner)
        Client().post(link(row), {"name": "Nia", "password": "quite a long sentence"})
        assert Client().get(link(row)).status_code == 410
        assert Client().post(link(row), {"name": "Eve", "password": "quite a long sentence"}).status_code == 410

    def test_a_link_is_good_for_seven_days(self, owner: Visitor) -> None:
        row = invited(owner)
        with time_machine.travel(clock.now() + timedelta(days=7, seconds=1)):
            assert Client().get(link(row)).status_code == 410

    @pytest.mark.parametrize("wrong", ["x", "0" * 43, "%00", "é"])
    def test_a_made_up_link_opens_nothing(self, owner: Visitor, wrong: str) -> None:
        row = invited(owner)
        assert Client().get(link(row).rpartition("/")[0] + f"/{wrong}").status_code == 410

    def test_sent_again_only_the_new_link_counts(self, owner: Visitor) -> None:
        row = invited(owner)
        old = link(row)
        owner.post("staff_invitation_again", row)
        row.refresh_from_db()
        assert Client().get(old).status_code == 410
        assert Client().get(link(row)).status_code == 200
        assert [event.data["round"] for event in Event.objects.order_by("sequence")] == [1, 2]

    def test_withdrawn_it_counts_no_more_and_can_be_made_anew(self, owner: Visitor) -> None:
        row = invited(owner)
        owner.post("staff_invitation_withdraw", row)
        assert Client().get(link(row)).status_code == 410
        assert owner.post("staff_invitation_withdraw", row).status == 404
        assert owner.post("staff_invite", email="new@club.example", role="viewer").status in (200, 302)

    def test_somebody_is_invited_once_at_a_time_and_staff_not_at_all(self, owner: Visitor) -> None:
        invited(owner)
        again = owner.post("staff_invite", email="new@club.example", role="owner")
        assert again.status == 422 and "has been invited" in again.words
        assert owner.staff is not None
        self_too = owner.post("staff_invite", email=owner.staff.user.email, role="viewer")
        assert self_too.status == 422 and "already works" in self_too.words
        assert owner.post("staff_invite", email="nonsense", role="viewer").status == 422
        assert owner.post("staff_invite", email="a@b.example", role="emperor").status == 422

    def test_an_unanswered_one_gives_way_to_a_new_one(self, owner: Visitor) -> None:
        make.invitation(owner.club, email="new@club.example", sent_at=clock.now() - timedelta(days=8))
        assert owner.post("staff_invite", email="new@club.example", role="viewer").status in (200, 302)
        assert Invitation.objects.filter(withdrawn_at=None).count() == 1

    def test_a_form_sent_twice_invites_once(self, owner: Visitor) -> None:
        token = owner.get("staff_invite").value("once")
        for _ in range(2):
            owner.post("staff_invite", email="new@club.example", role="viewer", once=token)
        assert types(owner.club) == ["staff.invited"]

    def test_who_signs_in_elsewhere_signs_in_and_says_yes(self, owner: Visitor) -> None:
        elsewhere = make.staff(make.organization("Elsewhere"), email="new@club.example", password=make.PASSWORD)
        row = invited(owner)
        client = Client()
        page = client.get(link(row)).content.decode()
        assert "You have an account already" in page and 'name="password"' not in page
        client.post(link(row), {"name": "Eve", "password": "taking the account over"})
        assert User.objects.get(email="new@club.example").check_password(make.PASSWORD)

        client.post("/console/signin", {"username": "new@club.example", "password": make.PASSWORD})
        assert client.post(link(row)).headers["Location"] == f"/console/{owner.club.slug}"
        assert Staff.objects.filter(user=elsewhere.user).count() == 2

    def test_a_link_is_not_for_whoever_happens_to_be_signed_in(self, owner: Visitor) -> None:
        make.staff(make.organization("Elsewhere"), email="new@club.example", password=make.PASSWORD)
        row = invited(owner)
        eve = working_for(make.organization("Third"))
        page = eve.client.post(link(row))
        assert b"signed in as somebody else" in page.content
        assert Staff.objects.filter(organization=owner.club).count() == 1


class TestRoles:
    def test_the_last_owner_stays_one(self, owner: Visitor) -> None:
        assert owner.staff is not None
        page = owner.post("staff_role", owner.staff, role="viewer")
        assert page.status == 422 and "no owner left" in page.words
        page = owner.post("staff_disable", owner.staff)
        assert page.status == 409 and "no owner left" in page.words
        make.staff(owner.club, disabled_at=make.JAN_10)  # one who cannot come in is none
        assert owner.post("staff_role", owner.staff, role="viewer").status == 422
        make.staff(owner.club)
        assert owner.post("staff_role", owner.staff, role="viewer").status == 302

    def test_shut_out_and_let_in_again(self, owner: Visitor) -> None:
        dora = working_for(owner.club, Role.FRONT_DESK)
        assert dora.staff is not None
        assert "API keys they made stop working" in owner.get("staff_disable", dora.staff).words
        owner.post("staff_disable", dora.staff)
        assert dora.get("customers").status == 404
        owner.post("staff_disable", dora.staff)
        owner.post("staff_enable", dora.staff)
        assert dora.get("customers").status == 200
        assert types(owner.club) == ["staff.disabled", "staff.enabled"]

    def test_the_table_of_rights_is_the_one_that_is_asked(self, owner: Visitor) -> None:
        page = owner.get("staff_rights")
        rows = re.findall(r"<code>([a-z_]+:[a-z]+)</code></th>(.*?)</tr>", page.text, re.DOTALL)
        shown = {key: [cell == "has" for cell in re.findall(r'<td class="(has|lacks)"', cells)] for key, cells in rows}
        assert shown == {str(right): [may(role, right) for role in Role] for right in Right}
        in_words = re.findall(r'<th scope="row">(.*?)<code>([a-z_]+:[a-z]+)</code>', page.text)
        assert [key for words, key in in_words if not words or words == key] == []

    def test_a_manager_sees_staff_and_changes_nothing(self, owner: Visitor) -> None:
        manager = working_for(owner.club, Role.MANAGER)
        page = manager.get("staff")
        assert page.status == 200 and "Invite somebody" not in page.words and "Change the role" not in page.words

    def test_the_page_costs_as_many_queries_for_many_as_for_few(self, owner: Visitor) -> None:
        few = owner.get("staff").queries
        for _ in range(8):
            make.authenticator_app(make.staff(owner.club, Role.VIEWER).user)
            make.invitation(owner.club, invited_by=owner.staff)
        many = owner.get("staff")
        assert many.queries == few <= 12


class TestSecondFactors:
    def test_the_policy_says_whom_it_concerns_and_leads_them(self, owner: Visitor) -> None:
        dora = make.staff(owner.club, Role.FRONT_DESK, name="Dora Desk")
        make.authenticator_app(make.staff(owner.club, Role.FRONT_DESK).user)
        page = owner.get("staff_policy")
        assert "1 of 2 would set one up before going on: Dora Desk." in page.words
        told = {"roles": "front_desk", "version": page.value("version")}
        assert owner.post("staff_policy", **told).status == 302
        owner.club.refresh_from_db()
        assert owner.club.second_factor_roles == ["front_desk"]
        assert "Needed by: Front desk. 1 person has none yet" in owner.get("staff").words
        visitor = Visitor(owner.club, dora)
        visitor.client.force_login(dora.user)
        assert visitor.get("customers").location.startswith("/console/account/security?next=")
        assert f"{owner.club.name} asks for a second factor" in visitor.open("/console/account/security").words

    def test_a_policy_changed_meanwhile_is_not_overwritten(self, owner: Visitor) -> None:
        version = owner.get("staff_policy").value("version")
        owner.post("staff_policy", roles="owner", version=version)
        assert owner.staff is not None
        make.authenticator_app(owner.staff.user)
        page = owner.post("staff_policy", roles="viewer", version=version)
        assert page.status == 422 and "Saved meanwhile Owner Typed here Viewer" in page.words
        owner.club.refresh_from_db()
        assert owner.club.second_factor_roles == ["owner"]

    def test_who_has_lost_theirs_is_let_in_by_the_password_again(self, owner: Visitor) -> None:
        dora = working_for(owner.club, Role.FRONT_DESK)
        assert dora.staff is not None
        make.authenticator_app(dora.staff.user)
        factors.make_recovery_codes(user=dora.staff.user)
        assert "how accounts are stolen" in owner.get("staff_reset_factors", dora.staff).words
        assert owner.post("staff_reset_factors", dora.staff).status == 302
        assert not factors.has_second_factor(dora.staff.user)
        line = Event.objects.filter(type="staff.second_factor_removed").get()
        assert owner.staff is not None
        assert line.actor == f"staff:{ids.to_text(Prefix.STAFF, owner.staff.pk)}" and line.data["factor"] == "all"

    def test_one_organization_does_not_unlock_anothers_door(self, owner: Visitor) -> None:
        dora = make.staff(owner.club, Role.FRONT_DESK)
        Staff.objects.create(
            organization=make.organization("Elsewhere"), user=dora.user, role="owner", created_at=make.JAN_10
        )
        make.authenticator_app(dora.user)
        page = owner.post("staff_reset_factors", dora)
        assert page.status == 409 and "works for others too" in page.words
        assert factors.has_second_factor(dora.user)


def test_where_staff_acted_from_is_shown_to_those_who_may_see_staff(owner: Visitor) -> None:
    owner.client.post(
        owner.address("staff_invite"), {"email": "a@b.example", "role": "viewer"}, REMOTE_ADDR="203.0.113.7"
    )
    assert "203.0.113.7" in owner.get("events").words
    page = working_for(owner.club, Role.VIEWER).get("events")
    assert "Staff member invited" in page.words and "203.0.113.7" not in page.words
