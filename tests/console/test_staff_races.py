"""What two people do about staff at the same moment, and a code or link used twice at once."""

from collections.abc import Callable

import pytest

from tessera.core import clock
from tessera.core.errors import TesseraError
from tessera.events.types import Actor
from tessera.organizations import codes, invitations, staff
from tessera.organizations.factors import make_recovery_codes
from tessera.organizations.models import Staff
from tessera.organizations.rights import Role
from tests import make
from tests.people.racing import at_once

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def outcome(run: Callable[[], object]) -> str:
    try:
        run()
    except TesseraError as refusal:
        return refusal.code
    return "done"


def test_of_two_owners_who_shut_each_other_out_one_stays() -> None:
    club = make.organization()
    one, other = make.staff(club), make.staff(club)

    def shut_out(whom: Staff, by: Staff) -> str:
        return outcome(lambda: staff.disable_staff(staff=whom, at=make.JAN_10, actor=Actor.staff(by.pk)))

    told = at_once([lambda: shut_out(one, other), lambda: shut_out(other, one)])
    assert sorted(map(str, told)) == ["done", "last_owner"]
    assert Staff.objects.filter(organization=club, role=Role.OWNER, disabled_at=None).count() == 1


def test_a_recovery_code_used_twice_at_once_counts_once() -> None:
    sam = make.staff(make.organization())
    make.authenticator_app(sam.user)
    code = make_recovery_codes(user=sam.user)[0]
    told = at_once([lambda: outcome(lambda: codes.check(user=sam.user, code=code))] * 2)
    assert sorted(map(str, told)) == ["code_wrong", "done"]


def test_an_invitation_accepted_twice_at_once_makes_one_of_the_staff() -> None:
    club = make.organization()
    invitation = make.invitation(club)

    def accept() -> str:
        return outcome(
            lambda: invitations.accept_as_new(
                invitation=invitation,
                name="Nia",
                password="quite a long sentence",
                at=make.JAN_10,
                accepted_at=clock.now(),
            )
        )

    assert sorted(map(str, at_once([accept, accept]))) == ["done", "invitation_over"]
    assert Staff.objects.filter(organization=club).count() == 1
