"""What the catalogue refuses, in words that can be shown."""

from tessera.core.errors import Conflict, Invalid, NotFound


class PermissionNotFound(NotFound):
    """No such permission in the organization."""

    code = "permission_not_found"


class PlanNotFound(NotFound):
    """No such plan in the organization."""

    code = "plan_not_found"


class PriceNotFound(NotFound):
    """No such price in the organization."""

    code = "price_not_found"


class PermissionKeyInvalid(Invalid):
    """A key is 1 to 80 of a-z, 0-9 and `. _ : -`, beginning with a letter or digit."""

    code = "permission_key_invalid"


class PermissionKeyTaken(Conflict):
    """The organization has a permission with this key. `holder` names it."""

    code = "permission_key_taken"


class PermissionInUse(Conflict):
    """Plans grant the permission; `plans` names up to ten. Take it off them first."""

    code = "permission_in_use"


class PermissionUnknown(Invalid):
    """The organization has no permission with one of these keys."""

    code = "permission_unknown"


class TargetInvalid(Invalid):
    """Not a target: an action, a resource type, and an id that is exact, `*`, or a prefix ending in `*`."""

    code = "target_invalid"


class PlanInvalid(Invalid):
    """A detail of a plan that is out of bounds, or does not fit another."""

    code = "plan_invalid"


class PlanHeld(Conflict):
    """Whom a plan is for and how its terms lie cannot be changed once it has been held: make a new one."""

    code = "plan_held"


class PriceInvalid(Invalid):
    """A detail of a price that is out of bounds, or does not fit another or the plan."""

    code = "price_invalid"


class CurrencyMismatch(Invalid):
    """Prices are in the organization's currency."""

    code = "currency_mismatch"


class PriceUsed(Conflict):
    """Somebody has or had the price: it stays as it is. Add a new one and take this one out of use."""

    code = "price_used"


class LastActivePrice(Conflict):
    """A plan keeps an active price until it is archived."""

    code = "last_active_price"
