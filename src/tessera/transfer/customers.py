"""Rows that are customers: matched with who is known, made by the block, updated one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import IntegrityError

from tessera.core.errors import Conflict, TesseraError
from tessera.core.phrases import said
from tessera.people import bulk, contacts, numbers, services
from tessera.people.bulk import Draft, Known
from tessera.people.details import email_key, tag_key
from tessera.people.errors import EmailTaken, ExternalIdTaken, NumberTaken
from tessera.people.models import Customer
from tessera.people.present import locked
from tessera.people.types import CustomerDetails, Email, Source
from tessera.transfer import cells, rows
from tessera.transfer.errors import CellInvalid
from tessera.transfer.rows import Task
from tessera.transfer.seen import Seen
from tessera.transfer.types import CREATED, UNCHANGED, UPDATED, Match, Outcome, Policy, Result

_TEXTS = ("external_id", "first_name", "last_name", "display_name", "locale")


def read(values: Mapping[str, str], task: Task) -> Draft:
    """Return what a row says of a customer: only what it says. Raises what `bulk.draft` raises; CellInvalid."""
    given: CustomerDetails = {}
    for name in _TEXTS:
        if name in values:
            given[name] = values[name]  # type: ignore[literal-required]
    if "birthday" in values:
        given["birthday"] = cells.day(values["birthday"], task.setup.dates, "birthday")
    if (consent := rows.boolean(values, "marketing_consent")) is not None:
        given["marketing_consent"] = consent
    if addresses := rows.joined(values, "email", "other_emails"):
        verified = rows.boolean(values, "email_verified") is True
        given["emails"] = [Email(each, verified and place == 0) for place, each in enumerate(addresses)]
    if phones := rows.joined(values, "phone", "other_phones"):
        given["phones"] = phones
    if "tags" in values:
        given["tags"] = cells.several(values["tags"])
    return bulk.draft(task.organization, at=task.at, number=values.get("number"), **given)


def write(found: Sequence[tuple[int, Draft]], task: Task, seen: Seen) -> list[Result]:
    """Make or update the customers of these rows, in order, inside the caller's transaction; (line, what it says)."""
    # Two imports into one organization take turns: what one has made, the other finds.
    numbers.hold(numbers.Series.CUSTOMER, organization_id=task.organization.pk)
    block = _Block(task, seen.earlier(found[0][0]), bulk.known(task.organization, [draft for _, draft in found]))
    for place, (line, draft) in enumerate(found):
        block.take(place, line, draft)
    block.make_waiting()
    return [block.results[place] for place in range(len(found))]


@dataclass(slots=True)
class _Block:
    """Rows that are being written. Those that are new wait, to be made together, until one comes that may mean them."""

    task: Task
    seen: Seen
    known: Known
    results: dict[int, Result] = field(default_factory=dict)
    waiting: list[tuple[int, int, Draft]] = field(default_factory=list)
    claimed: set[str] = field(default_factory=set)

    def take(self, place: int, line: int, draft: Draft) -> None:
        keys = _keys(draft)
        if not self.claimed.isdisjoint(keys):
            self.make_waiting()
        try:
            outcome = self._known_already(draft)
            if outcome is None:
                self._refuse_new(draft)
        except TesseraError as refusal:
            outcome = rows.refused(refusal)
        if outcome is not None:
            self.results[place] = outcome
            return
        self.waiting.append((place, line, draft))
        self.claimed.update(keys)

    def make_waiting(self) -> None:
        """Make those that wait, all at once; where one of them is refused by the database, each by itself."""
        waiting, self.waiting, self.claimed = self.waiting, [], set()
        if not waiting:
            return
        task = self.task
        try:
            people = bulk.create_customers(
                organization=task.organization,
                drafts=[draft for *_, draft in waiting],
                at=task.at,
                actor=task.actor,
                source=Source.IMPORT,
            )
        except IntegrityError:
            for each in waiting:
                self._make_one(*each)
            return
        for (place, line, draft), person in zip(waiting, people, strict=True):
            self._made(place, line, draft, person)

    def _make_one(self, place: int, line: int, draft: Draft) -> None:
        task = self.task
        try:
            person = services.create_customer(
                organization=task.organization,
                at=task.at,
                actor=task.actor,
                source=Source.IMPORT,
                number=draft.number,
                **draft.told,
            )
        except TesseraError as refusal:
            self.results[place] = rows.refused(refusal)
        else:
            self._made(place, line, draft, person)

    def _made(self, place: int, line: int, draft: Draft, person: Customer) -> None:
        self.results[place] = CREATED
        if external := draft.told.get("external_id"):
            self.known.by_external_id[external] = person
        self.known.by_number[person.number] = person
        for key in draft.email_keys:
            self.known.by_email.setdefault(key, {})[person.pk] = person
        for key in draft.verified_keys:
            self.known.by_verified[key] = person
        self.seen.remember(_keys(draft), line)

    def _known_already(self, draft: Draft) -> Result | None:
        """What becomes of a row whose customer is known; None if nobody is. Never guesses between several."""
        people = _matching(draft, self.known, self.task.setup.match)
        lines = self.seen.find(_matched_by(draft, self.task.setup.match))
        if len(people) + len(lines) > 1:
            named: list[str] = [each.number for each in people[:5]]
            named += [said("line {line}", line=str(each)) for each in sorted(lines)[:5]]
            return Result(Outcome.REFUSED, "reference_ambiguous", "", said("several customers match: {who}", who=named))
        if not people and not lines:
            return None
        already = (
            said("{number} is this customer already", number=people[0].number)
            if people
            else said("line {line} of this file is this customer already", line=str(next(iter(lines))))
        )
        match self.task.setup.policy:
            case Policy.SKIP:
                return Result(Outcome.SKIPPED, "known_already", "", already)
            case Policy.REFUSE:
                return Result(Outcome.REFUSED, "known_already", "", already)
            case Policy.UPDATE:
                return self._update(people[0], draft) if people else UPDATED

    def _update(self, person: Customer, draft: Draft) -> Result:
        if draft.number is not None and draft.number != person.number:
            raise CellInvalid(
                said("a number stays as it is: this customer's is {number}", number=person.number), pointer="/number"
            )
        given: CustomerDetails = {**draft.told}
        present = locked(person)  # before its lists are read: what somebody else adds to them meanwhile stays
        holder = self.known.by_external_id.get(given.get("external_id") or "")
        if holder is not None and holder.pk == person.pk:
            given.pop("external_id")  # theirs already, if by way of somebody who was merged into them
        if told := given.get("emails"):
            given["emails"] = _with(contacts.emails_of(person), told)
        if phones := given.get("phones"):
            given["phones"] = list(dict.fromkeys([*contacts.phones_of(person), *phones]))
        if tags := given.get("tags"):
            given["tags"] = _with_tags(contacts.tags_of(person), tags)
        before = present.version
        after = services.update_customer(customer=person, at=self.task.at, actor=self.task.actor, **given)
        return UNCHANGED if after.version == before else UPDATED

    def _refuse_new(self, draft: Draft) -> None:
        """Raises what `create_customer` would, before anything is written."""
        bulk.check_complete(draft)
        taken: tuple[tuple[type[Conflict], str, Customer | None], ...] = (
            (ExternalIdTaken, "external_id", self.known.by_external_id.get(draft.told.get("external_id") or "")),
            (NumberTaken, "number", self.known.by_number.get(draft.number or "")),
            *((EmailTaken, "email", self.known.by_verified.get(key)) for key in draft.verified_keys),
        )
        for refusal, name, holder in taken:
            if holder is not None:
                raise refusal(f"{holder.number} has it already", pointer=f"/{name}")


def _with(present: Sequence[Email], told: Sequence[Email]) -> list[Email]:
    """Return the addresses and those that a row tells: none is taken off, and what is verified stays so."""
    found = {email_key(each.address): each for each in present}
    for each in told:
        key = email_key(each.address)
        if key not in found or (each.verified and not found[key].verified):
            found[key] = each if key not in found else Email(found[key].address, verified=True)
    return list(found.values())


def _with_tags(present: Sequence[str], told: Sequence[str]) -> list[str]:
    """Return the tags and those that a row tells, each as it was first written."""
    return list({tag_key(each): each for each in [*reversed(told), *present]}.values())


def _keys(draft: Draft) -> set[str]:
    """Everything that another row may mean this one by, or collide with."""
    found = {f"email:{key}" for key in draft.email_keys}
    if external := draft.told.get("external_id"):
        found.add(f"external_id:{external}")
    if draft.number is not None:
        found.add(f"number:{draft.number}")
    return found


def _matched_by(draft: Draft, match: Sequence[Match]) -> set[str]:
    kinds = {"email" if each is Match.VERIFIED_EMAIL else each.value for each in match}
    return {key for key in _keys(draft) if key.partition(":")[0] in kinds}


def _matching(draft: Draft, known: Known, match: Sequence[Match]) -> list[Customer]:
    found: dict[UUID, Customer] = {}
    if Match.EXTERNAL_ID in match and (row := known.by_external_id.get(draft.told.get("external_id") or "")):
        found[row.pk] = row
    if Match.NUMBER in match and (row := known.by_number.get(draft.number or "")):
        found[row.pk] = row
    for key in draft.email_keys:
        if Match.EMAIL in match:
            found.update(known.by_email.get(key, {}))
        elif Match.VERIFIED_EMAIL in match and (row := known.by_verified.get(key)):
            found[row.pk] = row
    return list(found.values())
