"""What an operator does when a key is lost or somebody leaves."""

import json
from datetime import timedelta

import pytest
import time_machine

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.http.scopes import Scope
from tessera.organizations.auth import authenticate
from tessera.organizations.errors import KeyRevoked
from tessera.organizations.models import ApiKey, Organization, Staff
from tessera.organizations.rights import Role
from tests import make
from tests.cli.conftest import Tessera

pytestmark = pytest.mark.django_db


def id_of(key: ApiKey) -> str:
    return ids.to_text(Prefix.API_KEY, key.pk)


def recorded(club: Organization) -> list[tuple[str, str]]:
    return list(Event.objects.filter(organization=club).order_by("sequence").values_list("type", "actor"))


class TestKeys:
    @time_machine.travel(make.FEB_10, tick=False)
    def test_keys_are_listed_with_what_tells_them_apart_and_never_the_secret(self, tessera: Tessera) -> None:
        club = make.organization(slug="strand")
        stranger, _ = make.key(make.organization(slug="other"), name="Elsewhere")
        sam = make.staff(club, name="Sam Steward")
        door, secret = make.key(club, [Scope.ACCESS_READ], name="Door", made_by=sam)
        make.key(club, name="Orphan", made_by=make.staff(club, disabled_at=make.JAN_10))
        make.key(club, name="Lost", revoked_at=make.JAN_10)
        make.key(club, name="Old", expires_at=make.FEB_10)
        make.key(club, name="New", expires_at=make.FEB_10 + timedelta(seconds=1))

        lines = tessera("key", "list", "--organization", "strand").stdout
        listed = json.loads(tessera("key", "list", "--organization", "strand", "--json").stdout)

        assert {each["name"]: each["state"] for each in listed} == {
            "Door": "works",
            "Orphan": "maker_disabled",
            "Lost": "revoked",
            "Old": "expired",
            "New": "works",
        }
        (shown,) = [line for line in lines.splitlines() if "Door" in line]
        assert shown.split() == [
            id_of(door), f"{door.hint}…", "works", "never", "used", "Sam", "Steward", "Door", "access:read",
        ]  # fmt: skip
        assert secret not in lines
        assert id_of(stranger) not in lines

    def test_an_organization_without_keys_lists_none(self, tessera: Tessera) -> None:
        make.organization()

        assert tessera("key", "list").stdout == ""
        assert json.loads(tessera("key", "list", "--json").stdout) == []

    def test_a_revoked_key_is_refused_from_then_on_and_its_neighbour_works(self, tessera: Tessera) -> None:
        club, other = make.organization(slug="strand"), make.organization(slug="other")
        lost, secret = make.key(club)
        _, kept = make.key(club)

        said = tessera("key", "revoke", id_of(lost)).stdout
        again = json.loads(tessera("key", "revoke", id_of(lost), "--json").stdout)

        assert said == f"The key {id_of(lost)} of Strand House is revoked.\n"
        assert again == {"id": id_of(lost), "organization": "strand", "state": "revoked"}
        with pytest.raises(KeyRevoked):
            authenticate(f"Bearer {secret}")
        assert authenticate(f"Bearer {kept}").organization == club
        assert recorded(club) == [("api_key.revoked", "system:key")]
        assert recorded(other) == []

    @pytest.mark.parametrize("wrong", ["key_00000000000000000000000000", "tk_live_x", "1"])
    def test_a_key_that_is_not_there_is_refused_in_one_line(self, tessera: Tessera, wrong: str) -> None:
        _, kept = make.key(make.organization())

        assert "[key_unknown]" in tessera("key", "revoke", wrong, exit_code=1).stderr
        assert authenticate(f"Bearer {kept}").scopes


class TestStaff:
    def test_staff_are_listed_with_who_is_disabled(self, tessera: Tessera) -> None:
        club = make.organization(slug="strand")
        make.staff(club, Role.FRONT_DESK, name="Mo Desk", email="mo@club.example", disabled_at=make.JAN_10)
        make.staff(club, name="Sam Steward", email="sam@club.example")
        make.staff(make.organization(slug="other"), email="eve@other.example")

        lines = tessera("staff", "list", "--organization", "strand").stdout.splitlines()
        listed = json.loads(tessera("staff", "list", "--organization", "strand", "--json").stdout)

        assert [line.split() for line in lines] == [
            ["mo@club.example", "Mo", "Desk", "front_desk", "disabled"],
            ["sam@club.example", "Sam", "Steward", "owner"],
        ]
        assert [(each["email"], each["disabled"]) for each in listed] == [
            ("mo@club.example", True),
            ("sam@club.example", False),
        ]

    def test_who_leaves_is_disabled_with_their_keys_and_who_comes_back_enabled(self, tessera: Tessera) -> None:
        club = make.organization()
        sam = make.staff(club, email="sam@club.example")
        mo = make.staff(club, email="mo@club.example")
        _, secret = make.key(club, made_by=sam)

        said = tessera("staff", "disable", "Sam@club.example").stdout
        scopes_then = authenticate(f"Bearer {secret}").scopes
        again = json.loads(tessera("staff", "disable", "sam@club.example", "--json").stdout)
        back = tessera("staff", "enable", "sam@club.example").stdout

        assert said == "sam@club.example and the keys they made may do nothing for Strand House any more.\n"
        assert scopes_then == frozenset()
        assert (again["email"], again["role"], again["disabled"]) == ("sam@club.example", "owner", True)
        assert back == "sam@club.example works for Strand House as owner.\n"
        assert authenticate(f"Bearer {secret}").scopes == frozenset(Scope)
        assert recorded(club) == [("staff.disabled", "system:staff"), ("staff.enabled", "system:staff")]
        mo.refresh_from_db()
        assert mo.disabled_at is None

    def test_where_there_are_several_organizations_it_is_said_which_one(self, tessera: Tessera) -> None:
        strand, other = make.organization(slug="strand"), make.organization(slug="other")
        sam = make.staff(strand, email="sam@club.example")
        Staff.objects.create(organization=other, user=sam.user, role=Role.VIEWER, created_at=make.JAN_10)

        unclear = tessera("staff", "disable", "sam@club.example", exit_code=1)
        tessera("staff", "disable", "sam@club.example", "--organization", "other")

        assert "[organization_unclear]" in unclear.stderr
        assert list(Staff.objects.filter(disabled_at=None)) == [sam]

    def test_somebody_unknown_is_refused(self, tessera: Tessera) -> None:
        make.staff(make.organization(), email="sam@club.example")

        for verb in ("disable", "enable", "password"):
            assert "[not_found]" in tessera("staff", verb, "eve@club.example", exit_code=1).stderr
        assert not Staff.objects.exclude(disabled_at=None).exists()

    def test_a_lost_password_is_replaced_by_one_that_is_told_or_made(self, tessera: Tessera) -> None:
        club = make.organization()
        sam = make.staff(club, email="sam@club.example", password=make.PASSWORD)
        mo = make.staff(club, email="mo@club.example", password=make.PASSWORD)

        weak = tessera("staff", "password", "sam@club.example", stdin="secret\n", exit_code=1)
        tessera("staff", "password", "sam@club.example", stdin="another fine long phrase\n")
        sam.user.refresh_from_db()
        told = sam.user.check_password("another fine long phrase")
        made = tessera("staff", "password", "sam@club.example", "--generate-password").stdout.splitlines()[-1]
        shown = json.loads(tessera("staff", "password", "sam@club.example", "--json", stdin=f"{made}!\n").stdout)

        assert "[password_too_weak]" in weak.stderr
        assert told
        sam.user.refresh_from_db()
        assert sam.user.check_password(f"{made}!")
        assert shown == {"email": "sam@club.example", "password": None}
        assert recorded(club) == [("staff.password_set", "system:staff")] * 3
        assert mo.user.check_password(make.PASSWORD)


class TestSecondFactors:
    def test_the_operator_rescues_whoever_has_lost_them_wherever_they_work(self, tessera: Tessera) -> None:
        club, other = make.organization(), make.organization()
        sam = make.staff(club, email="sam@club.example")
        Staff.objects.create(organization=other, user=sam.user, role=Role.OWNER, created_at=make.JAN_10)
        make.authenticator_app(sam.user)

        said = tessera("staff", "reset-factors", "Sam@club.example").stdout
        again = json.loads(tessera("staff", "reset-factors", "sam@club.example", "--json").stdout)

        assert "no second factor any more" in said
        assert again == {"email": "sam@club.example", "removed": False}
        assert recorded(club) == recorded(other) == [("staff.second_factor_removed", "system:staff")]
        assert "[not_found]" in tessera("staff", "reset-factors", "nobody@club.example", exit_code=1).stderr

    def test_the_operator_can_shut_even_the_last_owner_out(self, tessera: Tessera) -> None:
        sam = make.staff(make.organization(), email="sam@club.example")
        tessera("staff", "disable", "sam@club.example")
        sam.refresh_from_db()
        assert sam.disabled_at is not None
