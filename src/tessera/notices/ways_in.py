"""What the mails say that tell of another way to sign in: of staff and of customers, added, taken away or used up.

No passkey is named by the event or kept with the mail: its name is its owner's word, and goes with the record.
"""

from collections.abc import Callable, Mapping
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from tessera.events.types import EventType
from tessera.identity import addresses, passkeys
from tessera.notices.reading import Matter
from tessera.notices.types import Kind
from tessera.organizations import factors
from tessera.organizations.formatting import Formats, joined
from tessera.organizations.models import User
from tessera.people.models import Customer

Content = dict[str, object]


def _email_changed(matter: Matter, formats: Formats) -> Content | None:
    """Never to which address: whoever reads the former one may be whom its owner fled from."""
    return {"changed": _when(matter, formats)}


def _account_changed(matter: Matter, formats: Formats) -> Content | None:
    told = matter.context
    what = _CHANGES.get((str(told.get("event")), str(told.get("factor") or "")))
    return None if what is None else {"what": str(what) % {"changed": _when(matter, formats)}}


def _recovery_code_used(matter: Matter, formats: Formats) -> Content | None:
    """`left` is None where there are no codes any more, because the second factors have gone."""
    user = User.objects.get(staff__organization=matter.organization, staff=matter.recipient_id)
    return {"used": _when(matter, formats), "left": factors.factors_of(user).codes_left}


def _passkey_added(matter: Matter, formats: Formats) -> Content | None:
    """Nothing if it is gone again: another mail tells that."""
    names = [each.name for each in passkeys.passkeys_of(_customer(matter)) if each.id == matter.context.get("passkey")]
    if not names:
        return None
    return {"passkey": names[0], "added": _when(matter, formats), "link": _page(matter, "sessions")}


def _passkey_removed(matter: Matter, formats: Formats) -> Content | None:
    names = [each.name for each in passkeys.passkeys_of(_customer(matter))]
    return {"removed": _when(matter, formats), "left": joined(names), "link": _page(matter, "sessions")}


def _other_email_proved(matter: Matter, formats: Formats) -> Content | None:
    """Nothing if no other address signs anybody in by now, as where it has become the one that is written to."""
    proven = addresses.proven_addresses(matter.recipient_id, organization=matter.organization)
    if all(each == matter.addressee.address for each in proven):
        return None
    return {"proved": _when(matter, formats), "link": _page(matter, "details")}


# What was changed of a staff account, by the event and the factor that it names.
_CHANGES: Final[Mapping[tuple[str, str], object]] = {
    (EventType.STAFF_PASSWORD_SET, ""): _("Your password was changed: %(changed)s."),
    (EventType.STAFF_SECOND_FACTOR_ADDED, "app"): _("An authenticator app was set up: %(changed)s."),
    (EventType.STAFF_SECOND_FACTOR_ADDED, "passkey"): _("A passkey was set up: %(changed)s."),
    (EventType.STAFF_SECOND_FACTOR_REMOVED, "app"): _("The authenticator app was removed: %(changed)s."),
    (EventType.STAFF_SECOND_FACTOR_REMOVED, "passkey"): _("A passkey was removed: %(changed)s."),
    (EventType.STAFF_SECOND_FACTOR_REMOVED, "all"): _("All second factors were removed: %(changed)s."),
    (EventType.STAFF_RECOVERY_CODES_MADE, ""): _(
        "New recovery codes were made: %(changed)s. Those from before count no more."
    ),
}
WAYS_IN: Final[Mapping[Kind, Callable[[Matter, Formats], Content | None]]] = {
    Kind.EMAIL_CHANGED: _email_changed,
    Kind.OTHER_EMAIL_PROVED: _other_email_proved,
    Kind.PASSKEY_ADDED: _passkey_added,
    Kind.PASSKEY_REMOVED: _passkey_removed,
    Kind.STAFF_EMAIL_CHANGED: _email_changed,
    Kind.STAFF_ACCOUNT_CHANGED: _account_changed,
    Kind.STAFF_RECOVERY_CODE_USED: _recovery_code_used,
}


def _when(matter: Matter, formats: Formats) -> str:
    return formats.moment(matter.happened_at, near=matter.at)


def _customer(matter: Matter) -> Customer:
    return Customer(pk=matter.recipient_id, organization=matter.organization)


def _page(matter: Matter, name: str) -> str:
    """A page of the portal, which stands above and is known here by its names only."""
    return settings.BASE_URL + reverse(f"portal:{name}", args=[matter.organization.slug])
