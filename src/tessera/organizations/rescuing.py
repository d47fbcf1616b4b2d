"""Letting somebody in again who has lost what they sign in with. In the hands of owners and of the operator."""

from tessera import db
from tessera.events.types import Actor
from tessera.organizations import factors, sessions
from tessera.organizations.errors import SecondFactorNotYours
from tessera.organizations.models import Staff, User
from tessera.organizations.team import works_elsewhere


def reset_second_factors(*, staff: Staff, actor: Actor) -> bool:
    """Take a staff member's second factors away and sign them out everywhere; whether there were any.

    Raises SecondFactorNotYours if they work for others too, whose door would be less well locked then: that is the
    operator's to do.
    """
    with db.transaction():
        if works_elsewhere(staff.user, staff.organization):
            raise SecondFactorNotYours("this person works for others too: whoever runs this installation can do it")
        return reset_for(user=staff.user, actor=actor)


def reset_for(*, user: User, actor: Actor) -> bool:
    """Take a person's second factors away and sign them out everywhere, whoever they work for. For the operator."""
    with db.transaction():
        had_some = factors.remove_all(user=user, actor=actor)
        if had_some:
            sessions.end_all(user.pk)
        return had_some
