"""What signing in leaves of a customer: moved as records are merged, forgotten as one is erased. For `lifecycle`."""

from tessera.identity.models import CodeAttempt, CustomerSession, FirstSignIn, Passkey, SiteLink
from tessera.organizations import former_emails
from tessera.people.erasure import Person
from tessera.people.models import Customer


def unite(customer: Customer, into: Customer) -> None:
    """Let whoever signs in as `customer` be `into` from now on. Part of a merge, before addresses move.

    Links to sites and passkeys move. Sessions of `customer` end: nobody finds themselves in another record between two
    clicks.
    """
    SiteLink.objects.filter(customer=customer).update(customer=into)
    Passkey.objects.filter(customer=customer).update(customer=into)
    former_emails.unite(customer.pk, into.pk)
    CustomerSession.objects.filter(customer=customer).delete()
    theirs = FirstSignIn.objects.filter(customer=customer).first()
    if theirs is None:
        return
    own, made = FirstSignIn.objects.get_or_create(
        customer=into, defaults={"how": theirs.how, "at": theirs.at, "code_at": theirs.code_at}
    )
    if not made and own.code_at is None and theirs.code_at is not None:
        FirstSignIn.objects.filter(pk=own.pk).update(code_at=theirs.code_at)
    theirs.delete()


def forget(person: Person) -> None:
    """Forget that codes were asked for at a person's addresses, and addresses that they had. Part of an erasure.

    Sessions with what apps hold, links to sites and passkeys refer to the customer, and go without being named here.
    """
    CodeAttempt.objects.filter(organization=person.organization_id, key__in=person.addresses).delete()
    former_emails.forget(*person.keys)
