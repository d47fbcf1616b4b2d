"""What customers and companies are found by, kept in the index in the transaction that changes it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from django.db.models import Model

from tessera import db
from tessera.db import bulk, search
from tessera.db.search import LINE, TAIL, Asked, Entry, TextIndex
from tessera.db.written import one_of_these
from tessera.organizations.models import Organization
from tessera.people.models import Company, Customer, CustomerEmail, CustomerPhone, SearchEntry
from tessera.people.names import folded

INDEX: Final = TextIndex("people_searchentry")
_BLOCK: Final = 500
_FEWEST_DIGITS: Final = 4
_FILLED_UP: Final = re.compile("(?<=[a-z0-9])-0+(?=[0-9]|$)")
_PHONE_SIGNS: Final = frozenset("0123456789+()-./ ")


def customer_changed(*customer_ids: UUID) -> None:
    """Have the customers found by what they are when the transaction closes. Bulk changes tell all their ids at once.

    Raises RuntimeError outside a `db.transaction()`.
    """
    db.before_commit(index_customers, list(customer_ids))


def customers_made(made: Sequence[tuple[UUID, UUID, str]]) -> None:
    """Have customers who were just made found when the transaction closes, by the texts that are told with them.

    Each is their key, their organization's and their text (`text_of`): nothing is read back of what was just written.
    """
    db.before_commit(index_made, list(made))


def company_changed(*company_ids: UUID) -> None:
    """Have the companies found by what they are when the transaction closes."""
    db.before_commit(index_companies, list(company_ids))


def index_customers(customer_ids: Sequence[UUID]) -> None:
    """Index the customers as they are now; who was merged into another is not found any more. Six queries a block."""
    for keys in _blocks(customer_ids):
        emails, phones = defaultdict(list), defaultdict(list)
        for key, address in CustomerEmail.objects.filter(customer__in=keys).values_list("customer_id", "address"):
            emails[key].append(address)
        for key, number in CustomerPhone.objects.filter(customer__in=keys).values_list("customer_id", "number"):
            phones[key].append(number)
        rows = Customer.objects.filter(pk__in=keys, merged_into=None)
        told = rows.values_list("pk", "organization_id", "name_key", "number", "external_id")
        texts = {
            key: (whose, text_of(name, number, external_id, emails[key], phones[key]))
            for key, whose, name, number, external_id in told
        }
        _write("customer_id", keys, texts)


def index_made(made: Sequence[tuple[UUID, UUID, str]]) -> None:
    """Index customers who were just made. Whoever was changed since and is indexed already, stays so. Three queries a
    block of 500."""
    for start in range(0, len(made), _BLOCK):
        block = made[start : start + _BLOCK]
        known = SearchEntry.objects.filter(one_of_these([key for key, _, _ in block], "customer_id"))
        done = set(known.values_list("customer_id", flat=True))
        _put("customer_id", [each for each in block if each[0] not in done])


def index_companies(company_ids: Sequence[UUID]) -> None:
    """Index the companies as they are now. Four queries a block."""
    for keys in _blocks(company_ids):
        told = Company.objects.filter(pk__in=keys).values_list(
            "pk", "organization_id", "name_key", "number", "external_id", "email", "phone"
        )
        texts = {
            key: (whose, text_of(name, number, external_id, [email], [phone]))
            for key, whose, name, number, external_id, email, phone in told
        }
        _write("company_id", keys, texts)


def text_of(name_key: str, number: str, external_id: str | None, emails: Iterable[str], phones: Iterable[str]) -> str:
    """Return the text that somebody is found by."""
    short = _short(folded(number))
    digits = short.rpartition("-")[2]
    lines = [name_key, short, digits if digits.isdigit() and digits != short else "", folded(external_id or "")]
    lines += sorted(folded(each) for each in emails)
    lines += sorted(each + TAIL for each in phones if each)
    return LINE + LINE.join(line for line in lines if line) + LINE


def customers_asked(organization_id: UUID, q: str) -> Asked:
    """Return what the customers have to be found by."""
    return search.asked(_ways(q), salt=_salt("customer_id", organization_id))


def companies_asked(organization: Organization, q: str) -> Asked:
    """Return what the companies have to be found by."""
    return search.asked(_ways(q), salt=_salt("company_id", organization.pk))


def _ways(q: str) -> list[list[str]]:
    """All words; or, if it can be a phone number, its digits: also without the 0 that E.164 leaves out.

    Zeros that fill a number up (CUS-000012) do not count, or every other one would be found by them.
    """
    words = folded(q).split()
    ways = [words, [_short(word) for word in words]]
    if re.fullmatch("0[0-9]{5,}", q.strip()):
        ways.append([q.strip().lstrip("0") or "0"])
    if q.strip() and set(q) <= _PHONE_SIGNS:
        digits = "".join(each for each in q if each.isdigit())
        ways += [[tail] for tail in (digits, digits.lstrip("0")) if len(tail) >= _FEWEST_DIGITS]
    return ways


def _short(number: str) -> str:
    return _FILLED_UP.sub("-", number)


def _salt(column: str, organization_id: UUID) -> int:
    return search.salt_of(column.encode(), organization_id.bytes)


def _write(column: str, keys: Sequence[UUID], texts: dict[UUID, tuple[UUID, str]]) -> None:
    # Whoever changes a customer or company has its row locked: nobody else writes its entry meanwhile.
    known = {getattr(row, column): row for row in SearchEntry.objects.filter(**{f"{column}__in": keys})}
    gone = [row for key, row in known.items() if key not in texts]
    stale = [row for key, row in known.items() if key in texts and row.text != texts[key][1]]
    INDEX.take_out([_entry(row, column) for row in (*gone, *stale)])
    for row in stale:
        row.text = texts[getattr(row, column)][1]
    if gone:
        SearchEntry.objects.filter(pk__in=[row.pk for row in gone]).delete()
    if stale:
        SearchEntry.objects.bulk_update(stale, ["text"])
    INDEX.put([_entry(row, column) for row in stale])
    _put(column, [(key, whose, text) for key, (whose, text) in texts.items() if key not in known])


def _put(column: str, fresh: Sequence[tuple[UUID, UUID, str]]) -> None:
    """Write and index the entries of those who have none: a key, the organization's and a text of each."""
    if INDEX.in_rows:
        salts = {whose: _salt(column, whose) for _, whose, _ in fresh}
        marked = [(whose, key, text, search.marks_as_written(text, salts[whose])) for key, whose, text in fresh]
        bulk.insert(SearchEntry, ("organization_id", column, "text", "marks"), marked)
        return
    entries = [SearchEntry(**{column: key, "organization_id": whose, "text": text}) for key, whose, text in fresh]
    SearchEntry.objects.bulk_create(entries)
    INDEX.put([_entry(row, column) for row in entries])


def _entry(row: SearchEntry, column: str) -> Entry:
    return Entry(row.pk, _salt(column, row.organization_id), row.text)


def _blocks(keys: Sequence[UUID]) -> Iterable[list[UUID]]:
    once = sorted(set(keys))
    return (once[start : start + _BLOCK] for start in range(0, len(once), _BLOCK))


def index_everybody(customers: type[Model], companies: type[Model], *, block: int = 2_000) -> None:
    """Index whoever is not yet, in blocks of the key: for a migration, and for what was written past the services."""
    for model, index in ((customers, index_customers), (companies, index_companies)):
        rows = model._default_manager.order_by("pk").values_list("pk", flat=True)
        keys = list(rows[:block])
        while keys:
            with db.transaction():
                index(keys)
            keys = list(rows.filter(pk__gt=keys[-1])[:block])
