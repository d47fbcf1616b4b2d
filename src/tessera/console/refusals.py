"""What each refusal of a site's token means, and what to do about it. The same as docs/identity.md says, shorter."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tessera.identity.types import Refusal

_COPY_ISSUER: Final = _("Compare iss with the issuer in the settings, letter by letter: a slash at the end counts.")

MEANINGS: Final[Mapping[Refusal, tuple[str | Promise, str | Promise]]] = {
    Refusal.ORIGIN_NOT_ALLOWED: (
        _("Handed in by a site that may not"),
        _("If it is a site of yours, add its origin to the allowed ones: scheme, host and port exactly."),
    ),
    Refusal.TOKEN_TOO_LARGE: (
        _("Too large to be read"),
        _("A token has at most 8,192 characters. Leave out what is not asked for."),
    ),
    Refusal.TOKEN_MALFORMED: (
        _("Not a token"),
        _("Use a library for JWTs at the site, and hand its text on as it is. Each name stands once in it."),
    ),
    Refusal.TYPE_WRONG: (
        _("A token of another kind"),
        _("Set typ in the header to tessera-visitor+jwt: so no token that was meant for others signs anybody in."),
    ),
    Refusal.CRITICAL_UNKNOWN: (_("Asks for what is not known here"), _("Leave crit out of the header.")),
    Refusal.ISSUER_UNKNOWN: (_("From an issuer that is not trusted"), _COPY_ISSUER),
    Refusal.ISSUER_OFF: (_("From an issuer that is switched off"), _("Switch it on, if its tokens should count.")),
    Refusal.KEYS_UNREACHABLE: (
        _("The keys of the site could not be read"),
        _("Test the address of its keys in the settings of the issuer. It is asked again after a minute."),
    ),
    Refusal.KEY_UNKNOWN: (
        _("Signed with a key that is not known"),
        _("Let kid in the header be what the key is called here; or publish the new key, or paste it."),
    ),
    Refusal.ALGORITHM_WRONG: (
        _("Signed otherwise than its key signs"),
        _("RSA keys sign RS256, P-256 keys ES256, Ed25519 keys EdDSA. Shared secrets and none are never taken."),
    ),
    Refusal.SIGNATURE_WRONG: (
        _("The signature is wrong"),
        _("Sign with the private key that belongs to the public one here. If the site did, it was changed on its way."),
    ),
    Refusal.AUDIENCE_WRONG: (
        _("Meant for somebody else"),
        _("Copy the audience from the settings into aud, as one text and not as a list."),
    ),
    Refusal.LIFETIME_MISSING: (_("Does not say how long it is good"), _("Say iat and exp, both in seconds.")),
    Refusal.LIFETIME_TOO_LONG: (
        _("Good for too long"),
        _("exp comes at most 300 seconds after iat. Make a token each time a frame asks for one."),
    ),
    Refusal.NOT_YET_VALID: (_("From the future"), _("Set the clock of the server that made it.")),
    Refusal.TOKEN_EXPIRED: (
        _("Too old"),
        _("Make the token when the frame asks, not when the page is made; and look at the clock of the server."),
    ),
    Refusal.NONCE_WRONG: (
        _("Made for another frame"),
        _("Hand the nonce of the message ready to the back end, and sign it in nonce."),
    ),
    Refusal.ID_MISSING: (_("Has no id of its own"), _("Give each token a random jti of up to 200 characters.")),
    Refusal.SUBJECT_MISSING: (
        _("Does not say who the visitor is"),
        _("Say in sub what the site calls its visitor: the same each time, up to 200 characters."),
    ),
    Refusal.CLAIM_INVALID: (
        _("Says something of the visitor that cannot be"),
        _("Leave out an address or a name that the site is not sure of."),
    ),
    Refusal.TOKEN_REPLAYED: (
        _("Used before"),
        _("Each token is good once: make another. If it was not the site, somebody tried it again, in vain."),
    ),
}
