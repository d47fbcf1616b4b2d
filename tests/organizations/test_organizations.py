"""Founding an organization, changing how it is set up, its staff and its keys."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tessera.core import clock
from tessera.core.errors import TesseraError
from tessera.events import queries as events
from tessera.events.types import Actor
from tessera.http.scopes import Scope
from tessera.organizations import keys, queries, services, staff
from tessera.organizations.auth import authenticate
from tessera.organizations.errors import AlreadyStaff, KeyRevoked, KeyUnknown, ScopesExceedMaker, SlugTaken
from tessera.organizations.models import Organization, User
from tessera.organizations.rights import RIGHTS, Right, Role, scopes_of
from tests import make
from tests.http.client import Api

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("tests")


def found(**given: object) -> Organization:
    fields = {"slug": "strand-house", "name": "Strand House", "time_zone": "Europe/London", "currency": "GBP", **given}
    return services.create_organization(**fields, at=make.JAN_10, actor=SYSTEM)  # type: ignore[arg-type]


def types_of(club: Organization) -> list[str]:
    return [line.type for line in events.feed(club).lines]


class TestFounding:
    def test_an_organization_is_founded_with_an_event(self) -> None:
        club = found()

        assert (club.name, club.is_test, club.version) == ("Strand House", False, 1)
        assert types_of(club) == ["organization.created"]

    def test_one_for_tests_has_its_own_time(self) -> None:
        club = found(test_now=make.FEB_10)

        assert (club.is_test, club.test_now, club.created_at) == (True, make.FEB_10, make.FEB_10)

    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            ("slug", "Strand", "slug_invalid"),
            ("slug", "a", "slug_invalid"),
            ("slug", "a--b", "slug_invalid"),
            ("slug", "-ab", "slug_invalid"),
            ("slug", "x" * 61, "slug_invalid"),
            ("name", " ", "field_invalid"),
            ("name", "x" * 201, "field_invalid"),
            ("time_zone", "Europe/Atlantis", "unknown_time_zone"),
            ("time_zone", "../etc/passwd", "unknown_time_zone"),
            ("time_zone", "+01:00", "unknown_time_zone"),
            ("currency", "gbp", "unknown_currency"),
            ("currency", "XXX", "unknown_currency"),
            ("locale", "english", "locale_invalid"),
            ("locale", "en_GB", "locale_invalid"),
        ],
    )
    def test_a_wrong_field_is_refused_and_named(self, field: str, value: str, code: str) -> None:
        with pytest.raises(TesseraError) as refusal:
            found(**{field: value})

        assert (refusal.value.code, refusal.value.pointer) == (code, f"/{field}")
        assert not Organization.objects.exists()

    @pytest.mark.parametrize("currency", ["gbp", "XXX", "", "€"])
    def test_the_database_keeps_to_known_currencies(self, currency: str) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            make.organization(currency=currency)
        assert make.organization(currency="KWD").currency == "KWD"

    def test_a_slug_is_taken_once(self) -> None:
        found()
        with pytest.raises(SlugTaken):
            found(name="Another")
        assert Organization.objects.count() == 1


class TestChanging:
    def test_what_is_named_is_changed_and_the_rest_stays(self) -> None:
        club, other = make.organization("Strand House"), make.organization("Other House")
        api = Api(make.key(club)[1])

        answer = api.patch(
            "/organization", {"grace_days": 3, "accent": "#AABBCC", "allowed_origins": ["https://Club.example"]}
        )

        assert answer.status == 200
        assert (answer.json["grace_days"], answer.json["accent"], answer.json["name"]) == (3, "#aabbcc", "Strand House")
        assert answer.json["allowed_origins"] == ["https://club.example"]
        assert answer.json["version"] == 2
        line = events.feed(club).lines[-1]
        assert (line.type, line.data) == (
            "organization.updated",
            {"fields": ["accent", "allowed_origins", "grace_days"]},
        )
        other.refresh_from_db()
        assert (other.grace_days, types_of(other)) == (7, [])

    def test_the_address_that_answers_go_to_is_set_and_taken_off(self) -> None:
        api = Api(make.key(make.organization())[1])
        assert api.get("/organization").json["contact_email"] == ""

        assert api.patch("/organization", {"contact_email": " hello@club.example "}).status == 200
        assert api.get("/organization").json["contact_email"] == "hello@club.example"
        assert api.patch("/organization", {"contact_email": ""}).status == 200
        assert api.get("/organization").json["contact_email"] == ""

    @pytest.mark.parametrize("days", [0, 60])
    def test_reminders_come_as_many_days_before_an_end_as_the_organization_wants(self, days: int) -> None:
        club, other = make.organization(), make.organization()
        api = Api(make.key(club)[1])
        assert api.get("/organization").json["reminder_days"] == 7

        answer = api.patch("/organization", {"reminder_days": days})

        assert (answer.status, answer.json["reminder_days"]) == (200, days)
        assert events.feed(club).lines[-1].data == {"fields": ["reminder_days"]}
        club.refresh_from_db()
        other.refresh_from_db()
        assert (club.reminder_days, other.reminder_days) == (days, 7)

    def test_what_is_already_so_is_not_written(self) -> None:
        club = make.organization("Strand House")
        answer = Api(make.key(club)[1]).patch("/organization", {"name": "Strand House"})

        assert (answer.status, answer.json["version"], types_of(club)) == (200, 1, [])

    def test_a_stale_version_is_refused_with_the_present_one(self) -> None:
        club = make.organization()
        api = Api(make.key(club)[1])
        api.patch("/organization", {"name": "A", "version": 1})
        answer = api.patch("/organization", {"name": "B", "version": 1})

        assert (answer.status, answer.code, answer.json["version"]) == (409, "version_stale", 2)
        assert api.get("/organization").json["name"] == "A"

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"time_zone": "Mars/Olympus"}, "/time_zone"),
            ({"accent": "red"}, "/accent"),
            ({"contact_email": "hello at club.example"}, "/contact_email"),
            ({"contact_email": "Hello <hello@club.example>"}, "/contact_email"),
            ({"grace_days": 366}, "/grace_days"),
            ({"grace_days": -1}, "/grace_days"),
            ({"reminder_days": 61}, "/reminder_days"),
            ({"reminder_days": -1}, "/reminder_days"),
            ({"reminder_days": 1.5}, "/reminder_days"),
            ({"reminder_days": None}, "/reminder_days"),
            ({"allowed_origins": ["https://a.example", "http://club.example"]}, "/allowed_origins/1"),
            ({"allowed_origins": ["https://club.example/path"]}, "/allowed_origins/0"),
            ({"allowed_origins": ["https://club.example:port"]}, "/allowed_origins/0"),
            ({"allowed_origins": ["*"]}, "/allowed_origins/0"),
            ({"subject_types": ["token"]}, "/subject_types/0"),
            ({"currency": "EUR"}, "/currency"),
            ({"name": None}, "/name"),
        ],
    )
    def test_a_wrong_field_changes_nothing(self, body: dict[str, object], pointer: str) -> None:
        club = make.organization()
        answer = Api(make.key(club)[1]).patch("/organization", body)

        assert (answer.status, list(answer.faults)) == (422, [pointer])
        assert types_of(club) == []


class TestStaff:
    def test_somebody_can_work_for_two_organizations_with_one_sign_in(self) -> None:
        strand, other = make.organization(), make.organization()
        for club, role in ((strand, Role.OWNER), (other, Role.VIEWER)):
            staff.add_staff(
                organization=club,
                name="Sam Steward",
                email="Sam@club.example" if club is strand else "sam@CLUB.example",
                password=make.PASSWORD,
                role=role,
                at=make.JAN_10,
                actor=SYSTEM,
            )

        assert User.objects.get().check_password(make.PASSWORD)
        assert [row.role for row in queries.staff_of(strand)] == [Role.OWNER]
        assert [row.role for row in queries.staff_of(other)] == [Role.VIEWER]
        assert types_of(strand) == ["staff.added"]
        assert "sam" not in str(events.feed(strand).lines[0].data).lower()

    def test_nobody_is_added_twice_or_with_a_password_that_is_none(self) -> None:
        club = make.organization()
        sam = make.staff(club, email="sam@club.example")

        def add(email: str, password: str) -> None:
            staff.add_staff(
                organization=club,
                name="Eve",
                email=email,
                password=password,
                role=Role.OWNER,
                at=make.JAN_10,
                actor=SYSTEM,
            )

        with pytest.raises(AlreadyStaff):
            add("SAM@club.example", make.PASSWORD)
        for email, password, code in (
            ("eve@club.example", "password123", "password_too_weak"),
            ("eve@club.example", "short", "password_too_weak"),
            ("eve", make.PASSWORD, "field_invalid"),
        ):
            with pytest.raises(TesseraError) as refusal:
                add(email, password)
            assert refusal.value.code == code
        assert User.objects.get() == sam.user

    def test_another_role_is_an_event_and_the_same_is_none(self) -> None:
        club = make.organization()
        sam = make.staff(club, Role.OWNER)
        for _ in range(2):
            sam = staff.change_role(staff=sam, role=Role.VIEWER, at=make.JAN_10, actor=SYSTEM)

        assert types_of(club) == ["staff.role_changed"]


class TestKeys:
    def test_a_key_is_shown_once_and_works(self) -> None:
        club = make.organization()
        key, secret = keys.create_key(
            organization=club, name="Door", scopes=[Scope.ACCESS_READ], at=make.JAN_10, actor=SYSTEM
        )

        caller = authenticate(f"Bearer {secret}")
        assert (caller.organization, caller.key_id) == (club, key.pk)
        assert caller.scopes == {Scope.ACCESS_READ}
        assert secret.startswith(queries.keys_of(club)[0].hint)
        assert secret not in str(events.feed(club).lines)
        assert types_of(club) == ["api_key.created"]

    def test_a_key_is_revoked_once_and_by_its_own_organization_only(self) -> None:
        club, stranger = make.organization(), make.organization()
        key, secret = make.key(club)

        with pytest.raises(KeyUnknown):
            keys.revoke_key(organization=stranger, key_id=key.pk, at=make.JAN_10, actor=SYSTEM)
        assert authenticate(f"Bearer {secret}").organization == club
        for _ in range(2):
            keys.revoke_key(organization=club, key_id=key.pk, at=make.JAN_10, actor=SYSTEM)

        with pytest.raises(KeyRevoked):
            authenticate(f"Bearer {secret}")
        assert types_of(club) == ["api_key.revoked"]

    def test_nobody_makes_a_key_that_may_more_than_they(self) -> None:
        club = make.organization()
        desk = make.staff(club, Role.FRONT_DESK)
        with pytest.raises(ScopesExceedMaker):
            keys.create_key(
                organization=club, name="x", scopes=[Scope.PLANS_WRITE], made_by=desk, at=make.JAN_10, actor=SYSTEM
            )

    @pytest.mark.parametrize(
        "wrong", [{"name": " "}, {"scopes": []}, {"expires_at": clock.now() - timedelta(seconds=1)}]
    )
    def test_a_key_without_a_name_scope_or_future_is_refused(self, wrong: dict[str, object]) -> None:
        club = make.organization()
        given = {"name": "x", "scopes": [Scope.ACCESS_READ], **wrong}
        with pytest.raises(TesseraError) as refusal:
            keys.create_key(organization=club, **given, at=make.JAN_10, actor=SYSTEM)  # type: ignore[arg-type]

        assert refusal.value.code == "field_invalid"
        assert types_of(club) == []


def test_an_owner_may_everything_and_a_viewer_only_looks() -> None:
    assert RIGHTS[Role.OWNER] == frozenset(Right)
    assert all(right.value.endswith(":read") for right in RIGHTS[Role.VIEWER])
    assert all(RIGHTS[Role.VIEWER] <= rights for rights in RIGHTS.values())
    assert scopes_of(Role.OWNER) == frozenset(Scope)


def test_lists_of_staff_and_keys_cost_the_same_for_one_and_twenty(django_assert_num_queries: object) -> None:
    club = make.organization()
    sam = make.staff(club)
    make.key(club, made_by=sam)
    for expected in (1, 21):
        with django_assert_num_queries(2):  # type: ignore[operator]
            assert (len(queries.staff_of(club)), len(queries.keys_of(club))) == (expected, expected)
        for _ in range(20):
            make.key(club, made_by=make.staff(club))


def test_every_scope_is_a_right_of_the_same_name_that_its_maker_has() -> None:
    assert {scope.value for scope in Scope} <= {right.value for right in Right}
    assert not {Scope.CUSTOMERS_BAN, Scope.MEMBERSHIPS_REVOKE} & scopes_of(Role.FRONT_DESK)
    assert {Scope.CUSTOMERS_BAN, Scope.MEMBERSHIPS_REVOKE} <= scopes_of(Role.MANAGER)
