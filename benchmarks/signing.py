"""What a signed answer costs beside a decision: all that a customer may do is read, and signed."""

from collections.abc import Iterator

from benchmarks.crowd import AT, Crowd
from benchmarks.decisions import interleaved, working_set
from benchmarks.report import Result
from tessera.access import tokens
from tessera.access.engine import decide
from tessera.access.queries import effective_permissions
from tessera.people.models import Customer


def measure(database: str, crowd: Crowd) -> Iterator[Result]:
    """Measure minting against a decision about one permission, and against reading all permissions."""
    found = Customer.objects.in_bulk(working_set(crowd))
    people = list(found.values())

    def decided() -> None:
        for person in people:
            decide(organization_id=crowd.club.pk, customer_id=person.pk, asked="door-3", at=AT)

    def listed() -> None:
        for person in people:
            effective_permissions(crowd.club, person.pk, AT)

    def minted() -> None:
        for person in people:
            tokens.mint(organization=crowd.club, customer=person, audience="https://club.example", at=AT)

    of_decision, of_list, of_token = (each / len(people) for each in interleaved(decided, listed, minted))
    note = f"{of_decision * 1e6:.0f} us a decision, {of_list * 1e6:.0f} us all, {of_token * 1e6:.0f} us a token"
    for what, against, bound in (("a decision", of_decision, 30.0), ("reading all permissions", of_list, 1.5)):
        yield Result(
            f"signed answer / {what}", database, bound, at_most=True, unit="x", value=of_token / against, note=note
        )
