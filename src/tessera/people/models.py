from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tessera.core.ids import new_id
from tessera.db.constraints import NoOverlap
from tessera.files.models import Picture
from tessera.organizations.models import Organization, Staff
from tessera.people.types import CompanyStatus, CustomerStatus, Source, Via

ERASED = _("Erased customer %(number)s")  # what somebody of whom nothing is known any more is called


class Customer(models.Model):
    """A person known to the organization, member or not."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="customers")
    number = models.CharField(max_length=20)  # CUS-000001
    external_id = models.CharField(max_length=200, null=True)  # the caller's own id for this person
    first_name = models.CharField(max_length=200, blank=True)
    last_name = models.CharField(max_length=200, blank=True)
    display_name = models.CharField(max_length=200, blank=True)
    name_key = models.CharField(max_length=620)  # case-folded, for search and order
    photo = models.ForeignKey(Picture, models.PROTECT, null=True, related_name="+")
    birthday = models.DateField(null=True)
    locale = models.CharField(max_length=20, blank=True)
    marketing_consent = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=[(each, each) for each in CustomerStatus])
    ban_reason = models.CharField(max_length=500, blank=True)
    source = models.CharField(max_length=10, choices=[(each, each) for each in Source])
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged_from")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)  # from then on nothing is known of them, for good

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="customer_erased_tells_nothing",
                condition=Q(erased_at=None)
                | Q(
                    status=CustomerStatus.ARCHIVED,
                    external_id=None,
                    first_name="",
                    last_name="",
                    display_name="",
                    photo=None,
                    birthday=None,
                    locale="",
                    marketing_consent=False,
                    ban_reason="",
                ),
            ),
            models.UniqueConstraint(name="customer_number_once", fields=["organization", "number"]),
            models.UniqueConstraint(name="customer_external_id_once", fields=["organization", "external_id"]),
        ]
        indexes = [
            models.Index(name="customer_by_name", fields=["organization", "name_key", "id"]),
            models.Index(name="customer_by_age", fields=["organization", "created_at", "id"]),
            models.Index(
                name="customer_put_away",
                fields=["organization", "status", "name_key", "id"],
                condition=~Q(status=CustomerStatus.ACTIVE) & Q(merged_into=None),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What the person is called: the display name, else first and last name, else the number."""
        if self.erased_at is not None:
            return str(ERASED) % {"number": self.number}
        return self.display_name or f"{self.first_name} {self.last_name}".strip() or self.number


class CustomerEmail(models.Model):
    """An e-mail address of a customer. It may repeat (families); verified, it belongs to one customer."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="emails")
    address = models.CharField(max_length=254)  # as given
    key = models.CharField(max_length=254)  # case-folded, compared by
    verified_at = models.DateTimeField(null=True)
    position = models.PositiveSmallIntegerField()  # 0 is the one that is written to

    class Meta:
        constraints = [
            models.UniqueConstraint(name="email_position_once", fields=["customer", "position"]),
            models.UniqueConstraint(name="email_once_a_customer", fields=["customer", "key"]),
            models.UniqueConstraint(
                name="email_verified_once",
                fields=["organization", "key"],
                condition=Q(verified_at__isnull=False),
            ),
        ]
        indexes = [models.Index(name="email_by_key", fields=["organization", "key"])]

    def __str__(self) -> str:
        return self.address


class CustomerPhone(models.Model):
    """One of a customer's phone numbers, in E.164: +442079460000."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="phones")
    number = models.CharField(max_length=16)
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="phone_position_once", fields=["customer", "position"]),
            models.UniqueConstraint(name="phone_once_a_customer", fields=["customer", "number"]),
        ]
        indexes = [models.Index(name="phone_by_number", fields=["organization", "number"])]

    def __str__(self) -> str:
        return self.number


class Company(models.Model):
    """An organisation whose people are customers: employer, tenant, sponsor."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="companies")
    number = models.CharField(max_length=20)  # COM-000001
    external_id = models.CharField(max_length=200, null=True)
    name = models.CharField(max_length=200)  # trading name
    legal_name = models.CharField(max_length=200, blank=True)
    name_key = models.CharField(max_length=620)  # case-folded, for search and order
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=16, blank=True)  # E.164
    logo = models.ForeignKey(Picture, models.PROTECT, null=True, related_name="+")
    websites = models.JSONField(default=list)
    email_domains = models.JSONField(default=list)
    tags = models.JSONField(default=list)
    status = models.CharField(max_length=10, choices=[(each, each) for each in CompanyStatus])
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="company_number_once", fields=["organization", "number"]),
            models.UniqueConstraint(name="company_external_id_once", fields=["organization", "external_id"]),
        ]
        indexes = [
            models.Index(name="company_by_name", fields=["organization", "name_key", "id"]),
            models.Index(name="company_by_age", fields=["organization", "created_at", "id"]),
        ]

    def __str__(self) -> str:
        return self.name


class Affiliation(models.Model):
    """A customer belongs to a company over `[starts_at, ends_at)`. An ended one is kept: it is history."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="affiliations")
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="affiliations")
    company = models.ForeignKey(Company, models.PROTECT, related_name="affiliations")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)  # exclusive; null: open
    recorded_at = models.DateTimeField()  # the organization's time
    queue_at = models.DateTimeField()  # the later of starts_at and recorded_at: the order of seats
    title = models.CharField(max_length=200, blank=True)
    company_admin = models.BooleanField(default=False)
    primary_contact = models.BooleanField(default=False)
    via = models.CharField(max_length=10, choices=[(each, each) for each in Via])

    class Meta:
        constraints = [
            # Ended in the instant it started it covers nothing, and is kept all the same: it is history.
            models.CheckConstraint(
                name="affiliation_ends_not_before_start",
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")),
            ),
            NoOverlap(name="affiliation_once_at_a_time", columns=["customer_id", "company_id"]),
        ]
        indexes = [
            models.Index(name="affiliation_of_customer", fields=["customer", "company"]),
            models.Index(name="affiliation_queue", fields=["company", "queue_at", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.customer} at {self.company}"


class Note(models.Model):
    """What staff want to remember of a customer or a company. Its text stands here only, and in no event."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, related_name="notes")
    company = models.ForeignKey(Company, models.CASCADE, null=True, related_name="notes")
    text = models.CharField(max_length=4000)
    author = models.CharField(max_length=80)  # the actor, as in the event
    written_by = models.ForeignKey(Staff, models.PROTECT, null=True, related_name="+")  # null: no staff member
    pinned = models.BooleanField(default=False)
    written_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)  # kept for a while, so that it can be undone
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="note_about_one",
                condition=Q(customer__isnull=False, company__isnull=True)
                | Q(customer__isnull=True, company__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="note_of_customer", fields=["customer", "id"], condition=Q(customer__isnull=False)),
            models.Index(name="note_of_company", fields=["company", "id"], condition=Q(company__isnull=False)),
            models.Index(
                name="note_deleted", fields=["organization", "deleted_at"], condition=Q(deleted_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class SearchEntry(models.Model):
    """What a customer or a company is found by, as one text (`searching.py`); an index stands beside it."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False)
    customer = models.OneToOneField(Customer, models.CASCADE, null=True, related_name="+")
    company = models.OneToOneField(Company, models.CASCADE, null=True, related_name="+")
    text = models.TextField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="search_entry_of_one",
                condition=Q(customer__isnull=False, company__isnull=True)
                | Q(customer__isnull=True, company__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.text


class CustomerTag(models.Model):
    """A word that staff file a customer under."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="tags")
    tag = models.CharField(max_length=50)  # as it was first written
    key = models.CharField(max_length=200)  # folded, compared by

    class Meta:
        constraints = [models.UniqueConstraint(name="tag_once_a_customer", fields=["customer", "key"])]
        indexes = [models.Index(name="customer_by_tag", fields=["organization", "key", "customer"])]

    def __str__(self) -> str:
        return self.tag


class CompanyTag(models.Model):
    """One of a company's `tags`, so that companies are found by it."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="+")
    tag = models.CharField(max_length=50)
    key = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(name="tag_once_a_company", fields=["company", "key"])]
        indexes = [models.Index(name="company_by_tag", fields=["organization", "key", "company"])]

    def __str__(self) -> str:
        return self.tag


class DeletionRequest(models.Model):
    """A customer asks to be deleted. It waits until staff have done it, or the customer takes it back."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    asked_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="deletion_asked_once", fields=["customer"], condition=Q(withdrawn_at=None)),
        ]
        indexes = [
            models.Index(name="deletion_waiting", fields=["organization", "asked_at"], condition=Q(withdrawn_at=None)),
        ]

    def __str__(self) -> str:
        return str(self.id)


class CompanyLink(models.Model):
    """An address by which a company's people join it themselves. Its code is derived, and stands nowhere."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="+")
    for_anyone = models.BooleanField(default=False)  # whoever has the address, not only those of the company's domains
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)  # the actor, as in the event
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="company_link_once", fields=["company"], condition=Q(revoked_at=None)),
        ]

    def __str__(self) -> str:
        return str(self.id)


class CompanyInvitation(models.Model):
    """Somebody with this e-mail address is asked to join a company. Instants are of real time."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+", db_index=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="+")
    address = models.CharField(max_length=254)  # as given
    key = models.CharField(max_length=254)  # case-folded, compared by
    round = models.PositiveSmallIntegerField(default=1)  # how often it was sent
    invited_by = models.CharField(max_length=80)  # the actor, as in the event
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="company_invitation_once",
                fields=["company", "key"],
                condition=Q(accepted_at=None, withdrawn_at=None),
            ),
            models.CheckConstraint(name="company_invitation_ends_later", condition=Q(expires_at__gt=F("sent_at"))),
        ]

    def __str__(self) -> str:
        return str(self.id)
