"""What signing in leaves of a customer: moved as records are merged, forgotten as one is erased. For `lifecycle`."""

from tessera.identity.models import CodeAttempt, CustomerSession, FirstSignIn, Passkey, SiteLink
from tessera.organizations import former_emails
from tessera.people.models import Customer, CustomerEmail


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


def forget(customer: Customer) -> None:
    """Sign the customer out everywhere, and forget how and with what they ever signed in. Part of an erasure.

    Their addresses are read from the record: they go after this.
    """
    keys = list(CustomerEmail.objects.filter(customer=customer).values_list("key", flat=True))
    CodeAttempt.objects.filter(organization=customer.organization_id, key__in=keys).delete()
    former_emails.forget(customer.pk)
    for model in (CustomerSession, SiteLink, Passkey, FirstSignIn):
        model.objects.filter(customer=customer).delete()
