"""Who is to be forgotten, and what is kept of a person all the same (docs/privacy.md).

What refers to an erased customer goes with them, whatever record it is. What outlives them is declared here, beside the
models: so a new kind of record is forgotten unless somebody says why not. `lifecycle.erasing` carries it out.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.db.models import F, Model, Q, QuerySet

from tessera.files.services import give_up
from tessera.organizations import former_emails
from tessera.people.details import email_key
from tessera.people.models import Affiliation, Customer, CustomerEmail, CustomerPhone, SearchEntry
from tessera.people.names import folded
from tessera.people.types import CustomerStatus

_PHONE_SIGNS: Final = r"[ ()./\u00a0-]*"
_FEWEST: Final = 6  # characters of an id or a name that tells somebody from others
_TAIL: Final = 8  # digits of a phone number that stay the same however it is dialled


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is being erased, as they were known until now.

    `keys` are those of their record and of all that were merged into it. `addresses` are e-mail addresses as they are
    compared, that of nobody else here. `words` each mean the person; of `names` all of one set together do. What could
    as well mean anybody, such as a first name alone or an id of a few digits, is not among them.
    """

    organization_id: UUID
    keys: tuple[UUID, ...]
    addresses: frozenset[str]
    words: frozenset[str]
    names: tuple[frozenset[str], ...]
    last_names: frozenset[str]
    phones: frozenset[str]

    def is_in(self, text: str) -> bool:
        """Whether a text, such as a row of a file, speaks of the person, however it is written."""
        plain = _plain(text)
        if any(_holds(plain, word) for word in self.words):
            return True
        if any(all(_holds(plain, name) for name in each) for each in self.names):
            return True
        return any(_dialled(phone).search(plain) for phone in self.phones)

    def is_sought_by(self, text: str) -> bool:
        """Whether a search that somebody kept, or what they call it, looks for the person: by their last name, too."""
        return self.is_in(text) or any(_holds(_plain(text), name) for name in self.last_names)

    def is_in_any(self, texts: Iterable[str]) -> bool:
        """Whether one of the texts speaks of the person. They are read as far as that takes."""
        return any(map(self.is_in, texts))


Forget = Callable[[Person], object]  # what a package does so that nothing of the person is left with it


@dataclass(frozen=True, slots=True)
class Kept:
    """Records of a customer that outlive them: evidence, accounts, history.

    `way` leads from the record to the customer; `only` are those that stay; `blank` is what their columns hold then.
    """

    model: type[Model]
    way: str = "customer"
    only: Q = field(default_factory=Q)
    blank: Mapping[str, object] = field(default_factory=dict)

    def of(self, person: Person) -> QuerySet[Any]:
        return self.model._base_manager.filter(**{f"{self.way}__in": person.keys})


_kept: dict[type[Model], Kept] = {}


def keep(*kept: Kept) -> None:
    """Have these records outlive the people that they are of."""
    _kept.update({each.model: each for each in kept})


def kept() -> Mapping[type[Model], Kept]:
    """Return what outlives a person, by its model."""
    return _kept


def person_of(customer: Customer, keys: tuple[UUID, ...]) -> Person:
    """Return who the customer is. `keys` are those of all their records. Five queries."""
    rows = list(Customer.objects.filter(pk__in=keys))
    addresses = set(CustomerEmail.objects.filter(customer__in=keys).values_list("key", flat=True))
    addresses.update(map(email_key, former_emails.of(*keys)))
    phones = CustomerPhone.objects.filter(customer__in=keys).values_list("number", flat=True)
    shared = CustomerEmail.objects.filter(organization=customer.organization_id, key__in=addresses)
    shared_keys = set(shared.exclude(customer__in=keys).values_list("key", flat=True))
    given = [row.external_id or "" for row in rows] + [row.display_name for row in rows if " " in row.display_name]
    words = {*addresses, *(each for each in given if len(each) >= _FEWEST)}
    names = {frozenset({_plain(row.first_name), _plain(row.last_name)}) for row in rows}
    return Person(
        organization_id=customer.organization_id,
        keys=keys,
        addresses=frozenset(addresses - shared_keys),
        words=frozenset(map(_plain, words)),
        names=tuple(each for each in names if "" not in each),
        last_names=frozenset(_plain(row.last_name) for row in rows if row.last_name),
        phones=frozenset(number[-_TAIL:] for number in phones),
    )


def empty(person: Person, at: datetime) -> None:
    """Leave of each of their records its id, its number, and what it was merged into. Part of an erasure."""
    rows = Customer.objects.filter(pk__in=person.keys)
    photos: list[UUID] = list(rows.filter(photo__isnull=False).values_list("photo_id", flat=True))
    for key, number in rows.values_list("pk", "number"):
        Customer.objects.filter(pk=key).update(
            external_id=None,
            first_name="",
            last_name="",
            display_name="",
            name_key=folded(number),
            photo=None,
            birthday=None,
            locale="",
            marketing_consent=False,
            status=CustomerStatus.ARCHIVED,
            ban_reason="",
            erased_at=at,
            version=F("version") + 1,
        )
    for photo in photos:
        give_up(photo)


def _plain(text: str) -> str:
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()


@lru_cache(maxsize=100)
def _dialled(phone: str) -> re.Pattern[str]:
    """Return what finds the digits of a phone number, whatever is written between them."""
    return re.compile(_PHONE_SIGNS.join(phone))


def _holds(plain: str, word: str) -> bool:
    """Whether a text holds a word as a whole; most hold it not at all, and are told at once."""
    return word in plain and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", plain) is not None


keep(
    Kept(Affiliation, blank={"title": ""}),  # who belonged to a company, and when: accounts and seats stay true
    Kept(SearchEntry),  # written anew, with the number alone
)
