"""Rows that are companies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from tessera.core.phrases import said
from tessera.people import numbers, services
from tessera.people.models import Company
from tessera.people.types import CompanyDetails
from tessera.transfer import cells
from tessera.transfer.errors import CellInvalid
from tessera.transfer.naming import Names
from tessera.transfer.one_by_one import written
from tessera.transfer.rows import Task
from tessera.transfer.seen import Seen
from tessera.transfer.types import CREATED, UNCHANGED, UPDATED, Match, Outcome, Policy, Result

_TEXTS = ("external_id", "name", "legal_name", "email", "phone")
_LISTS = ("websites", "email_domains", "tags")


@dataclass(frozen=True, slots=True)
class Told:
    """What a row says of a company."""

    given: CompanyDetails
    number: str | None


def read(values: Mapping[str, str], task: Task) -> Told:
    """Return what a row says of a company. Raises NumberInvalid."""
    given: CompanyDetails = {}
    for name in _TEXTS:
        if name in values:
            given[name] = values[name]  # type: ignore[literal-required]
    for name in _LISTS:
        if name in values:
            given[name] = cells.several(values[name])  # type: ignore[literal-required]
    return Told(given, numbers.chosen(values["number"]) if "number" in values else None)


def write(found: Sequence[tuple[int, Told]], task: Task, seen: Seen) -> list[Result]:
    """Make or update the companies of these rows, in order, inside the caller's transaction."""
    numbers.hold(numbers.Series.COMPANY, organization_id=task.organization.pk)
    return written(found, task, seen, _write)


def _write(line: int, told: Told, task: Task, seen: Seen, names: Names) -> Result:
    keys = _keys(told, task.setup.match)
    known, lines = _known(told, task, names), seen.find(keys)
    if len(known) + len(lines) > 1:
        return Result(Outcome.REFUSED, "reference_ambiguous", "", said("several companies match"))
    if not known and not lines:
        company = services.create_company(
            organization=task.organization, at=task.at, actor=task.actor, number=told.number, **told.given
        )
        names.add(company)
        seen.remember(keys, line)
        return CREATED
    row = Company.objects.get(pk=next(iter(known))) if known else None
    already = (
        said("{number} is this company already", number=row.number)
        if row is not None
        else said("line {line} of this file is this company already", line=str(next(iter(lines))))
    )
    match task.setup.policy:
        case Policy.SKIP:
            return Result(Outcome.SKIPPED, "known_already", "", already)
        case Policy.REFUSE:
            return Result(Outcome.REFUSED, "known_already", "", already)
        case Policy.UPDATE:
            return UPDATED if row is None else _update(row, told, task)


def _update(row: Company, told: Told, task: Task) -> Result:
    if told.number is not None and told.number != row.number:
        raise CellInvalid(
            said("a number stays as it is: this company's is {number}", number=row.number), pointer="/number"
        )
    row.organization = task.organization
    after = services.update_company(company=row, at=task.at, actor=task.actor, **told.given)
    return UNCHANGED if after.version == row.version else UPDATED


def _known(told: Told, task: Task, names: Names) -> set[UUID]:
    of_club = Company.objects.filter(organization=task.organization)
    match, found = task.setup.match, set[UUID]()
    if Match.EXTERNAL_ID in match and (external := told.given.get("external_id")):
        found.update(of_club.filter(external_id=external).values_list("pk", flat=True))
    if Match.NUMBER in match and told.number is not None:
        found.update(of_club.filter(number=told.number).values_list("pk", flat=True))
    if Match.NAME in match and (name := told.given.get("name")):
        found.update(names.companies_called(name))
    return found


def _keys(told: Told, match: Sequence[Match]) -> set[str]:
    texts = {
        Match.EXTERNAL_ID: told.given.get("external_id"),
        Match.NUMBER: told.number,
        Match.NAME: told.given.get("name", "").casefold(),
    }
    return {f"{kind}:{text}" for kind, text in texts.items() if text and kind in match}
