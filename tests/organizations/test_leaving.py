"""Staff who leave: from the next request on neither they nor the keys they made may do anything."""

import pytest
from django.test import Client
from django.urls import reverse

from tessera.core.errors import NotFound
from tessera.events import queries as events
from tessera.events.types import Actor
from tessera.organizations import now, staff
from tessera.organizations.errors import AlreadyStaff, PasswordTooWeak
from tessera.organizations.models import Organization, Staff
from tessera.organizations.rights import Role
from tests import make
from tests.http.client import Api

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("tests")
NEW_PASSWORD = "another fine long phrase"


def types_of(club: Organization) -> list[str]:
    return [line.type for line in events.feed(club).lines]


def signed_in(member: Staff) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def opened(client: Client, club: Organization) -> int:
    return client.get(reverse("console:customers", args=[club.slug])).status_code


class TestDisabling:
    def test_an_open_session_ends_at_the_next_request_and_a_colleagues_goes_on(self) -> None:
        club = make.organization()
        sam, mo = make.staff(club), make.staff(club)
        sams, mos = signed_in(sam), signed_in(mo)
        assert (opened(sams, club), opened(mos, club)) == (200, 200)

        staff.disable_staff(staff=sam, at=make.JAN_10, actor=SYSTEM)

        assert (opened(sams, club), opened(mos, club)) == (404, 200)

    def test_keys_they_made_open_nothing_and_others_do(self) -> None:
        club = make.organization()
        sam = make.staff(club)
        sams, operators = (Api(make.key(club, made_by=maker)[1]) for maker in (sam, None))
        assert (sams.get("/organization").status, operators.get("/organization").status) == (200, 200)

        staff.disable_staff(staff=sam, at=make.JAN_10, actor=SYSTEM)

        assert (sams.get("/organization").status, sams.get("/organization").code) == (403, "scope_missing")
        assert operators.get("/organization").status == 200

    def test_a_key_they_made_opens_no_door(self) -> None:
        club = make.organization()
        sam = make.staff(club)
        _, secret = make.key(club, made_by=sam)
        question = {
            "subject": {"type": "customer", "id": make.customer(club).number},
            "action": {"name": "use"},
            "resource": {"type": "permission", "id": "pool"},
        }

        def asked() -> int:
            headers = {"Authorization": f"Bearer {secret}"}
            answer = Client().post("/access/v1/evaluation", question, content_type="application/json", headers=headers)
            return answer.status_code

        before = asked()
        staff.disable_staff(staff=sam, at=make.JAN_10, actor=SYSTEM)

        assert (before, asked()) == (200, 403)

    def test_what_they_do_for_another_organization_stays_theirs(self) -> None:
        club, other = make.organization(), make.organization()
        sam = make.staff(club)
        Staff.objects.create(organization=other, user=sam.user, role=Role.VIEWER, created_at=make.JAN_10)
        sams = signed_in(sam)

        staff.disable_staff(staff=sam, at=make.JAN_10, actor=SYSTEM)

        assert (opened(sams, club), opened(sams, other)) == (404, 200)
        assert types_of(other) == []

    def test_it_is_undone_by_enabling_and_each_is_recorded_once(self) -> None:
        club = make.organization()
        sam = make.staff(club, Role.FRONT_DESK)
        sams = signed_in(sam)
        for _ in range(2):
            assert staff.disable_staff(staff=sam, at=make.JAN_10, actor=SYSTEM).disabled_at == make.JAN_10
        for _ in range(2):
            assert staff.enable_staff(staff=sam, at=make.FEB_10, actor=SYSTEM).disabled_at is None

        assert opened(sams, club) == 200
        assert types_of(club) == ["staff.disabled", "staff.enabled"]
        assert [line.at for line in events.feed(club).lines] == [make.JAN_10, make.FEB_10]
        assert events.feed(club).lines[0].data["role"] == "front_desk"

    def test_who_is_disabled_is_not_added_again_but_told_to_be_enabled(self) -> None:
        club = make.organization()
        sam = make.staff(club, email="sam@club.example", disabled_at=make.JAN_10)
        with pytest.raises(AlreadyStaff, match="enable it again"):
            staff.add_staff(
                organization=club,
                name="Sam",
                email="sam@club.example",
                password=make.PASSWORD,
                role=Role.OWNER,
                at=make.JAN_10,
                actor=SYSTEM,
            )
        sam.refresh_from_db()
        assert sam.disabled_at == make.JAN_10


class TestPasswords:
    def test_a_new_password_ends_every_session_and_is_recorded_wherever_they_work(self) -> None:
        club = make.organization()
        lab = make.organization(test_now=make.FEB_10)
        sam = make.staff(club, password=make.PASSWORD)
        Staff.objects.create(organization=lab, user=sam.user, role=Role.VIEWER, created_at=make.JAN_10)
        mo = make.staff(club, password=make.PASSWORD)
        sams, mos = signed_in(sam), signed_in(mo)

        staff.set_password(user=sam.user, password=NEW_PASSWORD, now=now, actor=SYSTEM)

        sam.user.refresh_from_db()
        assert sam.user.check_password(NEW_PASSWORD)
        assert (opened(sams, club), opened(mos, club)) == (302, 200)
        assert (types_of(club), types_of(lab)) == (["staff.password_set"], ["staff.password_set"])
        assert events.feed(lab).lines[0].at == make.FEB_10
        assert NEW_PASSWORD not in str(events.feed(club).lines)

    def test_a_weak_one_changes_nothing(self) -> None:
        club = make.organization()
        sam = make.staff(club, password=make.PASSWORD)
        with pytest.raises(PasswordTooWeak):
            staff.set_password(user=sam.user, password="password123", now=now, actor=SYSTEM)

        sam.user.refresh_from_db()
        assert sam.user.check_password(make.PASSWORD)
        assert types_of(club) == []


def test_staff_are_found_by_address_in_their_own_organization_only() -> None:
    club, other = make.organization(), make.organization()
    sam = make.staff(club, email="sam@club.example")

    assert staff.staff_by_email(club, " SAM@club.example ") == sam
    assert staff.user_by_email("Sam@Club.example") == sam.user
    with pytest.raises(NotFound):
        staff.staff_by_email(other, "sam@club.example")
    with pytest.raises(NotFound):
        staff.user_by_email("nobody@club.example")
