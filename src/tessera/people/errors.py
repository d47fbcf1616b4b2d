"""What people and companies refuse, in words that can be shown."""

from tessera.core.errors import Conflict, Forbidden, Invalid, NotFound


class CustomerNotFound(NotFound):
    """No such customer in the organization."""

    code = "customer_not_found"


class CompanyNotFound(NotFound):
    """No such company in the organization."""

    code = "company_not_found"


class NoteNotFound(NotFound):
    """No such note, or it has been deleted."""

    code = "note_not_found"


class NotTheAuthor(Forbidden):
    """A note is changed by whoever wrote it."""

    code = "note_of_another"


class ReferenceAmbiguous(Conflict):
    """A reference such as an e-mail address that several have. `matches` names up to ten of them."""

    code = "reference_ambiguous"


class CustomerIncomplete(Invalid):
    """Too little to tell a person by: first and last name, or an e-mail, or a first name and a phone."""

    code = "customer_incomplete"


class CompanyUnnamed(Invalid):
    """A company has a trading name."""

    code = "company_unnamed"


class TextInvalid(Invalid):
    """A text that is too long, empty where it may not be, or holds control characters."""

    code = "text_invalid"


class EmailInvalid(Invalid):
    """Not an e-mail address."""

    code = "email_invalid"


class PhoneInvalid(Invalid):
    """Not a phone number that can be dialled from abroad."""

    code = "phone_invalid"


class BirthdayInvalid(Invalid):
    """A birthday lies between 1900 and today."""

    code = "birthday_invalid"


class LocaleInvalid(Invalid):
    """Not a language, with or without a region, such as en-GB."""

    code = "locale_invalid"


class WebsiteInvalid(Invalid):
    """Not the address of a website."""

    code = "website_invalid"


class DomainInvalid(Invalid):
    """Not a domain that e-mail is sent to."""

    code = "domain_invalid"


class NumberInvalid(Invalid):
    """Not a number a customer or company can have."""

    code = "number_invalid"


class TooMany(Invalid):
    """A list that is too long, or names one thing twice."""

    code = "list_invalid"


class ExternalIdTaken(Conflict):
    """Another record of the organization has this external id. `holder` names it."""

    code = "external_id_taken"


class NumberTaken(Conflict):
    """Another record of the organization has this number. `holder` names it."""

    code = "number_taken"


class EmailTaken(Conflict):
    """Another customer has shown that this address is theirs. `holder` names them."""

    code = "email_taken"


class CustomerMerged(Conflict):
    """The customer has been merged into another one meanwhile. `into` names that one."""

    code = "customer_merged"


class CustomerErased(Conflict):
    """Nothing is known of the customer any more, for good: they asked for it, or staff decided so."""

    code = "customer_erased"


class CustomerArchived(Conflict):
    """An archived customer: restore them first."""

    code = "customer_archived"


class AlreadyBanned(Conflict):
    """The customer is banned already."""

    code = "customer_already_banned"


class NotBanned(Conflict):
    """There is no ban to lift."""

    code = "customer_not_banned"


class AlreadyAffiliated(Conflict):
    """The customer belongs to the company at that time already."""

    code = "already_affiliated"


class AffiliationEndsBeforeStart(Invalid):
    """Belonging to a company ends after it starts."""

    code = "affiliation_ends_before_start"


class CompanyArchived(Conflict):
    """An archived company: nobody joins it before it is restored."""

    code = "company_archived"


class CompanyLinkUnknown(NotFound):
    """The address of a company's people is revoked, mistyped or of another organization."""

    code = "company_link_unknown"


class CompanyInvitationUnknown(NotFound):
    """No such invitation, or it was answered or withdrawn."""

    code = "company_invitation_unknown"


class TooManyInvitations(Conflict):
    """At most 200 people at once are asked to join a company, each at most ten times."""

    code = "too_many_invitations"
