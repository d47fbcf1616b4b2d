"""What merging, archiving and erasing refuse, in words that can be shown."""

from tessera.core.errors import Conflict


class SameCustomer(Conflict):
    """Both references mean one customer, perhaps because they have been merged already."""

    code = "same_customer"


class MergeUnsettled(Conflict):
    """Something is to be settled first: both hold a plan, or one of the two is banned.

    `customers` names both; `memberships` is a list of pairs, that of the customer to be merged first.
    """

    code = "merge_unsettled"


class MembershipsRunning(Conflict):
    """Whoever has memberships that are not over is not archived or erased. `memberships` names up to ten of them."""

    code = "memberships_running"
