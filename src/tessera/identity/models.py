"""What signing in leaves behind. All instants are real time, but for those that say otherwise.

No secret is here: codes and the secrets of browsers and sessions are kept as hashes.
"""

from typing import Final

from django.db import models
from django.db.models import F, Q

from tessera.core.ids import new_id
from tessera.db.sealed_columns import SealedColumn, declare
from tessera.identity.types import How, Surface
from tessera.organizations.models import Organization, TrustedIssuer
from tessera.people.models import Customer

MOST_TRIES: Final = 5
_SURFACES: Final = [(each, each) for each in Surface]
_HOWS: Final = [(each, each) for each in How]


class CodeAttempt(models.Model):
    """Somebody at a browser asked for a code by e-mail, to prove that they read what is sent to an address.

    It is made in the same way whether or not anybody is known by the address. The code is made as its mail is written.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False)
    address = models.CharField(max_length=254)  # as typed, without spaces around it
    key = models.CharField(max_length=254)  # compared by
    browser_hash = models.CharField(max_length=64)  # of the secret of the browser that asked
    surface = models.CharField(max_length=10, choices=_SURFACES)
    locale = models.CharField(max_length=20, blank=True)  # what the page was in that it was asked for on
    code_hash = models.CharField(max_length=64, blank=True)  # keyed, of the code in the last mail; empty: none yet
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True)  # replaced by a newer one
    proved_at = models.DateTimeField(null=True)  # the right code was entered
    spent_at = models.DateTimeField(null=True)  # and somebody was signed in by it

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="code_attempt_open_once",
                fields=["organization", "browser_hash"],
                condition=Q(voided_at=None, proved_at=None),
            ),
            models.CheckConstraint(name="code_attempt_few_tries", condition=Q(tries__lte=MOST_TRIES)),
            models.CheckConstraint(
                name="code_attempt_proved_by_code", condition=Q(proved_at=None) | (Q(voided_at=None) & ~Q(code_hash=""))
            ),
            models.CheckConstraint(
                name="code_attempt_spent_once_proved", condition=Q(spent_at=None) | Q(proved_at__isnull=False)
            ),
            models.CheckConstraint(name="code_attempt_ends_later", condition=Q(expires_at__gt=F("asked_at"))),
        ]
        indexes = [
            models.Index(name="code_attempt_of_address", fields=["organization", "key", "asked_at"]),
            models.Index(name="code_attempt_by_age", fields=["asked_at"]),
        ]

    def __str__(self) -> str:
        return str(self.id)


class FirstSignIn(models.Model):
    """Somebody has signed in to a customer's record: from then on a site's word alone leads nobody else there."""

    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True, related_name="first_sign_in")
    how = models.CharField(max_length=10, choices=_HOWS)
    at = models.DateTimeField()  # the organization's time
    code_at = models.DateTimeField(null=True)  # when a code by e-mail was first among the proofs, likewise

    def __str__(self) -> str:
        return str(self.customer_id)


class SiteLink(models.Model):
    """Who a trusted site's visitor is here: a customer for each subject of an issuer."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False)
    issuer = models.ForeignKey(TrustedIssuer, models.CASCADE, related_name="+", db_index=False)
    subject = models.CharField(max_length=200)  # `sub` of the site's tokens, compared letter by letter
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="site_links")
    by_code = models.BooleanField(default=False)  # the person proved an address of the record as the link was made
    linked_at = models.DateTimeField()  # the organization's time
    used_at = models.DateTimeField()  # the last sign-in by it

    class Meta:
        constraints = [
            models.UniqueConstraint(name="site_link_once", fields=["organization", "issuer", "subject"]),
        ]
        indexes = [models.Index(name="site_link_of_issuer", fields=["issuer"])]

    def __str__(self) -> str:
        return str(self.id)


class CustomerSession(models.Model):
    """A customer is signed in at a browser. Only a hash of its secret is kept; what is over is deleted."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="sessions")
    secret_hash = models.CharField(max_length=64, unique=True)  # SHA-256, in hex
    surface = models.CharField(max_length=10, choices=_SURFACES)
    how = models.CharField(max_length=10, choices=_HOWS)
    address = models.CharField(max_length=254, blank=True)
    issuer = models.ForeignKey(TrustedIssuer, models.CASCADE, null=True, related_name="+")  # who said so
    device = models.CharField(max_length=100, blank=True)  # Firefox on Linux
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField()  # written at most every five minutes
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="customer_session_ends_later", condition=Q(expires_at__gt=F("created_at"))),
            models.CheckConstraint(
                name="customer_session_by_issuer",
                condition=(Q(how=How.TOKEN) & Q(issuer__isnull=False)) | (~Q(how=How.TOKEN) & Q(issuer=None)),
            ),
        ]
        indexes = [models.Index(name="customer_session_by_end", fields=["expires_at"])]

    def __str__(self) -> str:
        return str(self.id)


class Injection(models.Model):
    """A site's token was handed in: taken, or refused and why. Never the token, nor who it is of."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False)
    issuer = models.ForeignKey(TrustedIssuer, models.SET_NULL, null=True, related_name="+")
    said_issuer = models.CharField(max_length=200, blank=True)  # `iss`, as far as it could be read
    origin = models.CharField(max_length=200, blank=True)
    refusal = models.CharField(max_length=40, blank=True)  # a Refusal; empty: taken
    detail = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(name="injection_by_age", fields=["organization", "id"]),
            models.Index(name="injection_over", fields=["at"]),
        ]

    def __str__(self) -> str:
        return str(self.id)


class UsedToken(models.Model):
    """A site's token that was taken: it is not taken again. Kept until it would be too old anyway."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False)
    token_hash = models.CharField(max_length=64)  # SHA-256 of issuer and `jti`
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="used_token_once", fields=["organization", "token_hash"])]
        indexes = [models.Index(name="used_token_by_end", fields=["expires_at"])]

    def __str__(self) -> str:
        return self.token_hash


class PublishedKeys(models.Model):
    """The keys that an issuer published when it was last asked. Nobody asks more than once a minute."""

    issuer = models.OneToOneField(TrustedIssuer, models.CASCADE, primary_key=True, related_name="+")
    url = models.CharField(max_length=2000)  # where they were; another address since then: they count no more
    keys = models.JSONField(default=list)
    asked_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.url


class SigningKey(models.Model):
    """A pair of keys with which the installation signs tokens (Ed25519). All its instants are real time.

    Whether it is to come, signs, or is only kept published follows from its instants and those of the next one
    (`signing_keys.py`).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.PositiveIntegerField(unique=True)  # 1, 2, 3, …: of two that are made at once there is one
    kid = models.CharField(max_length=64, unique=True)  # the thumbprint of its public part (RFC 7638)
    public = models.CharField(max_length=64)  # `x` of its JWK (RFC 8037)
    private = models.TextField(blank=True)  # sealed; empty once it signs no more
    created_at = models.DateTimeField()  # published from then on
    signs_from = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="signing_key_revoked_has_no_private", condition=Q(revoked_at=None) | Q(private="")
            ),
            models.CheckConstraint(
                name="signing_key_published_before_it_signs", condition=Q(signs_from__gte=F("created_at"))
            ),
        ]

    def __str__(self) -> str:
        return self.kid


def private_sealed_for(row: SigningKey) -> str:
    """Return what the private part of a row is bound to. It is the installation's, and of no organization."""
    return f"installation/{SigningKey._meta.db_table}/{row.pk}"


declare(SealedColumn(SigningKey, "private", private_sealed_for, reads=()))


class AppGrant(models.Model):
    """A first-party app that a customer is signed in to may have new access tokens: what its session goes on by.

    Its refresh tokens are one family, of which one counts at a time. Each holds the family's secret, so that an old one
    is known to be one however old it is, and a secret of its own. Both are kept as hashes. Goes with its session.
    """

    session = models.OneToOneField(CustomerSession, models.CASCADE, primary_key=True, related_name="app_grant")
    audience = models.CharField(max_length=255)  # `aud` of its access tokens
    family_hash = models.CharField(max_length=64, unique=True)
    number = models.PositiveIntegerField(default=1)  # of the refresh token that counts: 1, 2, 3, …
    secret_hash = models.CharField(max_length=64)  # of that one
    renewed_at = models.DateTimeField()  # when that one was given

    def __str__(self) -> str:
        return str(self.session_id)


class Passkey(models.Model):
    """A passkey (WebAuthn) that a customer signs in with: the public part of a key in a device of theirs."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="passkeys")
    credential_hash = models.CharField(max_length=64)  # SHA-256 of the credential's id, which may be long
    credential = models.BinaryField()  # as the device gave it: its id and public key (WebAuthn, 6.5.1)
    user_handle = models.CharField(max_length=64)  # what the device calls its owner; stays when records are merged
    sign_count = models.BigIntegerField()  # that of the last use; 0: the device counts none
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="passkey_once", fields=["organization", "credential_hash"]),
            models.CheckConstraint(name="passkey_counts_up", condition=Q(sign_count__gte=0)),
        ]

    def __str__(self) -> str:
        return self.name
