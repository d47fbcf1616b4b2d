"""What memberships refuse, in words that can be shown."""

from tessera.core.errors import Conflict, Invalid, NotFound


class MembershipNotFound(NotFound):
    """No such membership in the organization."""

    code = "membership_not_found"


class AlreadyHeld(Conflict):
    """The holder has an unended membership of the plan."""

    code = "membership_already_held"


class WrongAudience(Conflict):
    """The plan is not for this kind of holder."""

    code = "wrong_audience"


class PlanArchived(Conflict):
    """The plan takes nobody new."""

    code = "plan_archived"


class PlanFull(Conflict):
    """As many have the plan as may. Whoever joins by themselves has to wait; staff may go beyond it."""

    code = "plan_full"


class PriceInactive(Conflict):
    """The price takes nobody new."""

    code = "price_inactive"


class PriceNotOfPlan(Invalid):
    """The price belongs to another plan."""

    code = "price_not_of_plan"


class PriceAmbiguous(Invalid):
    """The plan has several active prices, or none, and none was named."""

    code = "price_ambiguous"


class HolderBanned(Conflict):
    """A banned customer is refused everything, signing up and renewing too."""

    code = "holder_banned"


class HolderArchived(Conflict):
    """An archived customer or company takes nothing new."""

    code = "holder_archived"


class TrialNotPossible(Conflict):
    """No trial on this price, or this holder had one of this plan already."""

    code = "trial_not_possible"


class RenewalNotPossible(Invalid):
    """What the price buys, or the own end, leaves nothing to renew by itself."""

    code = "renewal_not_possible"


class EndsBeforeStart(Invalid):
    """An end that is not after the start."""

    code = "ends_before_start"


class EndsInPast(Invalid):
    """The term would be over already."""

    code = "ends_in_past"


class NoSeats(Invalid):
    """Seats belong to companies' memberships only."""

    code = "seats_not_possible"


class MembershipExpired(Conflict):
    """It is over: renew it, or grant a new one."""

    code = "membership_is_expired"


class MembershipPending(Conflict):
    """It has not begun: it waits for approval or payment."""

    code = "membership_is_pending"


class MembershipPaused(Conflict):
    """It is paused: resume it first."""

    code = "membership_is_paused"


class MembershipInGrace(Conflict):
    """Its period is over and the renewal's payment is awaited."""

    code = "membership_in_grace"


class NotPending(Conflict):
    """Nothing is left to decide."""

    code = "membership_not_pending"


class NotAwaitingPayment(Conflict):
    """No payment is awaited."""

    code = "membership_not_awaiting_payment"


class NotPaused(Conflict):
    """There is no pause to end."""

    code = "membership_not_paused"


class OpenEnded(Conflict):
    """It has no end to count from."""

    code = "membership_open_ended"


class AlreadyRenewing(Conflict):
    """It renews by itself."""

    code = "membership_already_renewing"


class NotRenewable(Conflict):
    """Only a lapsed or canceled membership can be renewed after its end."""

    code = "membership_not_renewable"


class NotRenewing(Conflict):
    """It does not renew by itself, so there is no renewal to stop."""

    code = "membership_not_renewing"


class CancelNotBooked(Conflict):
    """No cancelling at the period's end has been asked for, or it has already happened."""

    code = "cancel_not_booked"


class NotLater(Invalid):
    """Extending moves the end later."""

    code = "end_not_later"


class PausesNotAllowed(Conflict):
    """The plan has no pauses."""

    code = "pauses_not_allowed"


class PauseInPast(Invalid):
    """A pause cannot start in the past."""

    code = "pause_in_past"


class PauseOverlaps(Conflict):
    """Another pause covers part of it."""

    code = "pause_overlaps"


class PauseOutsideTerm(Conflict):
    """There is nothing to pause then."""

    code = "pause_outside_term"


class NothingToChange(Conflict):
    """It already is of this plan at this price."""

    code = "nothing_to_change"


class NotAffiliated(NotFound):
    """The customer does not belong to the company."""

    code = "not_affiliated"


class OneHolder(Invalid):
    """A membership is held by one customer or one company."""

    code = "one_holder"
