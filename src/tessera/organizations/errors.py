"""What organizations, their staff and their keys refuse."""

from tessera.core.errors import Conflict, Forbidden, Invalid, NotFound
from tessera.http.errors import Unauthenticated


class KeyMissing(Unauthenticated):
    """There is no `Authorization: Bearer …`."""

    code = "key_missing"


class KeyInvalid(Unauthenticated):
    """No such key: mistyped, of another installation, or never made."""

    code = "key_invalid"


class KeyExpired(Unauthenticated):
    """The key was made for a time, and that is over."""

    code = "key_expired"


class KeyRevoked(Unauthenticated):
    """The key was taken away."""

    code = "key_revoked"


class ScopeMissing(Forbidden):
    """The key does not have the scope, or whoever made the key no longer has the right."""

    code = "scope_missing"


class ScopesExceedMaker(Forbidden):
    """A key can have no scope that its maker's role does not have."""

    code = "scopes_exceed_maker"


class KeyUnknown(NotFound):
    """The organization has no such key."""

    code = "key_unknown"


class SlugTaken(Conflict):
    """Another organization is already called so in addresses."""

    code = "slug_taken"


class SlugInvalid(Invalid):
    """A slug is 2 to 60 lower-case letters, digits and single hyphens, beginning and ending with a letter or digit."""

    code = "slug_invalid"


class LocaleInvalid(Invalid):
    """Not a language, with or without a region, such as en-GB."""

    code = "locale_invalid"


class OriginInvalid(Invalid):
    """Not a site's origin, such as https://club.example."""

    code = "origin_invalid"


class AlreadyStaff(Conflict):
    """The person already works for the organization."""

    code = "already_staff"


class PasswordTooWeak(Invalid):
    """The password is short, common, or made from the person's name or address."""

    code = "password_too_weak"


class VersionStale(Conflict):
    """The record has been changed since the version that the caller knows. `version` is the present one."""

    code = "version_stale"


class NotATestOrganization(NotFound):
    """Only an organization made for tests has a clock of its own."""

    code = "not_a_test_organization"


class ClockBackwards(Conflict):
    """A test clock only moves forward."""

    code = "clock_backwards"


class ClockAdvancing(Conflict):
    """The clock is still working through what an earlier move made due."""

    code = "clock_advancing"


class FieldInvalid(Invalid):
    """A name is empty or too long, a colour is none, a number is out of bounds. The text says which."""

    code = "field_invalid"


class IssuerKeyInvalid(Invalid):
    """Not a public key that may sign for a site: RSA from 2,048 bits, EC on P-256, or Ed25519, as PEM or JWK."""

    code = "issuer_key_invalid"


class IssuerKeysUnreachable(Invalid):
    """Where an issuer should publish its keys, something else than a JWK set is answered."""

    code = "issuer_keys_unreachable"


class IssuerTaken(Conflict):
    """The organization trusts this issuer already."""

    code = "issuer_taken"


class IssuerUnknown(NotFound):
    """The organization trusts no such issuer."""

    code = "issuer_unknown"


class NameNotTyped(Invalid):
    """What cannot be undone asks for the name of what is lost, typed exactly."""

    code = "name_not_typed"
