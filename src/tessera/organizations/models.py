from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from tessera.core.currencies import CODES
from tessera.core.ids import new_id
from tessera.organizations.rights import Role


class Organization(models.Model):
    """The tenant: a club, a gym, a chain. A hard data boundary."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64)  # IANA name
    currency = models.CharField(max_length=3)
    locale = models.CharField(max_length=20, default="en-GB")
    accent = models.CharField(max_length=7, default="#1f5f4a")  # branding: #rrggbb
    logo = models.UUIDField(null=True)  # a picture of `files`, a package above this one: so no foreign key
    contact_email = models.CharField(max_length=254, blank=True)  # what answers to its mails go to
    allowed_origins = models.JSONField(default=list)  # sites that may embed: "https://club.example"
    subject_types = models.JSONField(default=list)  # AuthZEN subject types beside `user` whose ids are external ids
    grace_days = models.PositiveSmallIntegerField(default=7)  # whole local days
    reminder_days = models.PositiveSmallIntegerField(default=7)  # whole local days before an end; 0: no reminders
    second_factor_roles = models.JSONField(default=list)  # the roles that work here only with a second factor
    is_test = models.BooleanField(default=False)
    test_now = models.DateTimeField(null=True)  # where a test organization's clock stands
    deleting_since = models.DateTimeField(null=True)  # from then on nobody gets in, and all it has is being removed
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="organization_clock_only_in_tests",
                condition=Q(is_test=True, test_now__isnull=False) | Q(is_test=False, test_now__isnull=True),
            ),
            models.CheckConstraint(name="organization_currency_known", condition=Q(currency__in=sorted(CODES))),
        ]

    def __str__(self) -> str:
        return self.name


class ClockMove(models.Model):
    """A test organization's clock is on its way to `target`. There is one at a time; gone when it has arrived."""

    organization = models.OneToOneField(Organization, models.PROTECT, primary_key=True, related_name="+")
    target = models.DateTimeField()
    lease = models.UUIDField()  # whose move it is
    leased_until = models.DateTimeField()  # real time: a move whose process died can be taken over from then on

    def __str__(self) -> str:
        return f"to {self.target}"


class NumberSeries(models.Model):
    """The last number given out of a series of an organization: CUS-000001, COM-000001."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=3)
    last = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(name="number_series_once", fields=["organization", "kind"])]

    def __str__(self) -> str:
        return f"{self.kind}-{self.last:06}"


class User(AbstractBaseUser):
    """How a staff member signs in: one e-mail address and password, whatever number of organizations they work for.

    Customers are never users (3-architecture, "Decided, and why").
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(max_length=254, unique=True)  # lower case
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    locale = models.CharField(max_length=20, blank=True)  # what pages and mails are written in; empty: as it comes
    pending_email = models.CharField(
        max_length=254, blank=True
    )  # lower case; theirs once a link sent there is followed
    wrong_codes = models.PositiveSmallIntegerField(default=0)  # in a row, since `wrong_codes_since`
    wrong_codes_since = models.DateTimeField(null=True)  # real time
    signed_out = models.PositiveIntegerField(default=0)  # how often everywhere at once: sessions begun before are over
    created_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = BaseUserManager["User"]()

    class Meta:
        constraints = [models.CheckConstraint(name="user_email_lower_case", condition=Q(email=Lower("email")))]

    def __str__(self) -> str:
        return self.name

    def get_session_auth_hash(self) -> str:
        """Return what a session has to hold to be one of theirs: other after another password, or once signed out."""
        present = super().get_session_auth_hash()
        return f"{present}.{self.signed_out}" if self.signed_out else present


class Staff(models.Model):
    """A person who works for the organization, with a role."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="staff")
    user = models.ForeignKey(User, models.PROTECT, related_name="staff")
    role = models.CharField(max_length=20, choices=[(role, role.label) for role in Role])
    disabled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="staff_once", fields=["organization", "user"])]

    def __str__(self) -> str:
        return self.user.name


class TrustedIssuer(models.Model):
    """A site whose back end may sign its visitors in: who its tokens say they are from, and the keys that prove it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="trusted_issuers")
    name = models.CharField(max_length=100)
    issuer = models.CharField(max_length=500)  # `iss` of its tokens, compared letter by letter
    jwks_url = models.CharField(max_length=2000, blank=True)  # where it publishes its keys; empty: they are below
    keys = models.JSONField(default=list)  # public JWKs (RFC 7517), each with `kid` and `alg`: nothing secret
    active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="trusted_issuer_once", fields=["organization", "issuer"]),
            models.CheckConstraint(name="trusted_issuer_keys_or_address", condition=Q(jwks_url="") | Q(keys=[])),
        ]

    def __str__(self) -> str:
        return self.name


class Invitation(models.Model):
    """Somebody was asked, by a mail with a link, to work for the organization.

    The link's secret is nowhere: it is made from this row and the installation's secret key as the mail is written.
    Asking again (`round`) makes another one, and the links sent before are worth nothing.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="invitations")
    email = models.EmailField(max_length=254)  # lower case
    name = models.CharField(max_length=200, blank=True)  # as the inviter knows them; they say their own
    role = models.CharField(max_length=20, choices=[(role, role.label) for role in Role])
    invited_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")  # null: by the operator
    round = models.PositiveSmallIntegerField(default=1)
    sent_at = models.DateTimeField()  # real time, as is all that follows: links live in it
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="invitation_open_once",
                fields=["organization", "email"],
                condition=Q(accepted_at=None, withdrawn_at=None),
            ),
            models.CheckConstraint(name="invitation_email_lower_case", condition=Q(email=Lower("email"))),
            models.CheckConstraint(name="invitation_ends_once", condition=Q(accepted_at=None) | Q(withdrawn_at=None)),
        ]

    def __str__(self) -> str:
        return self.email


class FormerEmail(models.Model):
    """An address that was somebody's until another took its place: to be told of it, and forgotten some days later.

    `whose` is a customer, of a package above this one, or a user: so no foreign key.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")  # who tells it
    whose = models.UUIDField()
    address = models.CharField(max_length=254)
    locale = models.CharField(max_length=20, blank=True)  # what it was written to in; empty: the organization's
    replaced_at = models.DateTimeField()  # real time

    class Meta:
        indexes = [
            models.Index(name="former_email_of", fields=["whose"]),
            models.Index(name="former_email_by_age", fields=["replaced_at"]),
        ]

    def __str__(self) -> str:
        return str(self.id)


class ApiKey(models.Model):
    """Lets a program act for the organization. Only a hash of the secret is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=100)
    hint = models.CharField(max_length=16)  # the first characters, to recognise it by
    secret_hash = models.CharField(max_length=64, unique=True)  # SHA-256 of the whole key, in hex
    scopes = models.JSONField(default=list)
    made_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")  # null: by the operator
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
