"""A customer as they are now, and the one refusal of whoever is no record of their own any more."""

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.core.phrases import said
from tessera.people.errors import CustomerErased, CustomerMerged
from tessera.people.models import Customer


def locked(customer: Customer) -> Customer:
    """Return the customer as they are now, locked until the transaction ends. Raises CustomerMerged, CustomerErased."""
    present = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    refuse_gone(present)
    return present


def refuse_gone(customer: Customer) -> None:
    """Raises CustomerMerged, naming the survivor; CustomerErased: nothing new is written of either."""
    if customer.merged_into_id is not None:
        into = ids.to_text(Prefix.CUSTOMER, customer.merged_into_id)
        raise CustomerMerged(said("{name} has been merged into another customer", name=customer.name), into=into)
    if customer.erased_at is not None:
        raise CustomerErased("this customer has been erased: what was known of them is gone for good")
