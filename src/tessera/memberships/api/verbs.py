"""What can be done to a membership over HTTP: one verb of the services each."""

from collections.abc import Callable
from typing import Any

from ninja import Router

from tessera.http.problems import documents
from tessera.http.scopes import Scope
from tessera.memberships import canceling, changing, errors, granting, pausing, renewing
from tessera.memberships.api.records import HELD, HOLDER, OFFER, PLAN, answer, membership_key, plan_and_price
from tessera.memberships.models import Membership
from tessera.memberships.schemas import CancelIn, ChangePlanIn, ChangeSeatsIn, ExtendIn, MembershipOut, PauseIn
from tessera.organizations.auth import ApiRequest, requires
from tessera.organizations.time import now

router = Router(tags=["memberships"])


@router.post(
    "/memberships/{membership_id}/renew",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(
        200,
        MembershipOut,
        *HELD,
        errors.MembershipPending,
        errors.OpenEnded,
        errors.AlreadyRenewing,
        errors.NotRenewable,
        errors.AlreadyHeld,
        *HOLDER,
    ),
    operation_id="renew_membership",
)
def renew_membership(request: ApiRequest, membership_id: str) -> MembershipOut:
    """Book the next term by hand: from the end, in the plan's revival days from the old end, else from now."""
    return _done(request, membership_id, renewing.renew)


@router.post(
    "/memberships/{membership_id}/extend",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(
        200,
        MembershipOut,
        *HELD,
        errors.MembershipExpired,
        errors.MembershipPending,
        errors.OpenEnded,
        errors.NotLater,
        *HOLDER,
    ),
    operation_id="extend_membership",
)
def extend_membership(request: ApiRequest, membership_id: str, body: ExtendIn) -> MembershipOut:
    """Move the last booked end later."""
    return _done(request, membership_id, renewing.extend, ends_at=body.ends_at)


@router.post(
    "/memberships/{membership_id}/cancel",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(
        200,
        MembershipOut,
        *HELD,
        errors.MembershipExpired,
        errors.MembershipPending,
        errors.MembershipInGrace,
        errors.NotRenewing,
        errors.OpenEnded,
    ),
    operation_id="cancel_membership",
)
def cancel_membership(request: ApiRequest, membership_id: str, body: CancelIn | None = None) -> MembershipOut:
    """The holder leaves: at the period's end unless `when` is `now`."""
    now_or_then = body.when if body is not None else CancelIn().when
    return _done(
        request, membership_id, canceling.cancel_now if now_or_then == "now" else canceling.cancel_at_period_end
    )


@router.post(
    "/memberships/{membership_id}/undo-cancel",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(200, MembershipOut, *HELD, errors.CancelNotBooked, *HOLDER),
    operation_id="undo_cancel_membership",
)
def undo_cancel_membership(request: ApiRequest, membership_id: str) -> MembershipOut:
    """Let a membership renew again whose canceling at the period's end is booked."""
    return _done(request, membership_id, canceling.undo_cancel)


@router.post(
    "/memberships/{membership_id}/pause",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(
        200,
        MembershipOut,
        *HELD,
        errors.MembershipExpired,
        errors.MembershipPending,
        errors.MembershipInGrace,
        errors.PausesNotAllowed,
        errors.PauseInPast,
        errors.PauseOverlaps,
        errors.PauseOutsideTerm,
        errors.EndsBeforeStart,
    ),
    operation_id="pause_membership",
)
def pause_membership(request: ApiRequest, membership_id: str, body: PauseIn | None = None) -> MembershipOut:
    """Let the membership grant nothing for a while."""
    told = body or PauseIn()
    return _done(
        request, membership_id, pausing.pause, starts_at=told.starts_at, ends_at=told.ends_at, reason=told.reason
    )


@router.post(
    "/memberships/{membership_id}/resume",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(200, MembershipOut, *HELD, errors.MembershipExpired, errors.NotPaused, *HOLDER),
    operation_id="resume_membership",
)
def resume_membership(request: ApiRequest, membership_id: str) -> MembershipOut:
    """End the pause that runs, or take back the next one that is planned."""
    return _done(request, membership_id, pausing.resume)


@router.post(
    "/memberships/{membership_id}/approve",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(
        200,
        MembershipOut,
        *HELD,
        errors.MembershipExpired,
        errors.NotPending,
        errors.EndsBeforeStart,
        errors.EndsInPast,
        *HOLDER,
    ),
    operation_id="approve_membership",
)
def approve_membership(request: ApiRequest, membership_id: str) -> MembershipOut:
    """Accept an application: it starts, or waits seven days for its payment."""
    return _done(request, membership_id, granting.approve)


@router.post(
    "/memberships/{membership_id}/reject",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(200, MembershipOut, *HELD, errors.MembershipExpired, errors.NotPending),
    operation_id="reject_membership",
)
def reject_membership(request: ApiRequest, membership_id: str) -> MembershipOut:
    """Turn an application down."""
    return _done(request, membership_id, granting.reject)


@router.post(
    "/memberships/{membership_id}/revoke",
    auth=requires(Scope.MEMBERSHIPS_REVOKE),
    response=documents(200, MembershipOut, *HELD, errors.MembershipExpired),
    operation_id="revoke_membership",
)
def revoke_membership(request: ApiRequest, membership_id: str) -> MembershipOut:
    """Take the membership away at once. It cannot be renewed."""
    return _done(request, membership_id, canceling.revoke)


@router.post(
    "/memberships/{membership_id}/change-plan",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(
        200,
        MembershipOut,
        *HELD,
        errors.MembershipExpired,
        errors.MembershipPaused,
        errors.NothingToChange,
        errors.OpenEnded,
        *PLAN,
        *OFFER,
        *HOLDER,
    ),
    operation_id="change_plan",
)
def change_plan(request: ApiRequest, membership_id: str, body: ChangePlanIn) -> MembershipOut:
    """Go on under another plan or price, from now or with the next term."""
    plan, price = plan_and_price(request.auth.organization, body.plan, body.price)
    verb = changing.change_plan_now if body.when == "now" else changing.change_plan_at_renewal
    return _done(request, membership_id, verb, plan=plan, price=price)


@router.post(
    "/memberships/{membership_id}/change-seats",
    auth=requires(Scope.MEMBERSHIPS_WRITE),
    response=documents(
        200,
        MembershipOut,
        *HELD,
        errors.MembershipExpired,
        errors.NothingToChange,
        errors.NoSeats,
        *HOLDER,
    ),
    operation_id="change_seats",
)
def change_seats(request: ApiRequest, membership_id: str, body: ChangeSeatsIn) -> MembershipOut:
    """Give a company's membership another number of seats. Who joined first keeps a seat."""
    return _done(request, membership_id, changing.change_seats, seats=body.seats)


def _done(request: ApiRequest, membership_id: str, verb: Callable[..., Membership], **told: Any) -> MembershipOut:
    """Carry out one verb at one instant and answer with the membership as it is then."""
    organization = request.auth.organization
    at = now(organization)
    changed = verb(
        organization=organization, membership_id=membership_key(membership_id), at=at, actor=request.auth.actor, **told
    )
    return answer(organization, changed.pk, at)
