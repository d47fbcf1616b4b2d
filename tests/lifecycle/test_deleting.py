"""An organization goes with everything it has, and nothing of anybody else's goes with it."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from tessera import organizations
from tessera.config import reactions
from tessera.core import clock, ids
from tessera.events import reacting
from tessera.events.models import Event, EventPassage
from tessera.events.types import Actor
from tessera.files import storage
from tessera.jobs.models import Job
from tessera.lifecycle import deleting, tasks
from tessera.organizations import danger
from tessera.organizations.clock import begin_move
from tessera.organizations.errors import NameNotTyped
from tessera.organizations.models import Organization, Staff, User
from tests import make
from tests.api.dump import dump
from tests.api.world import World, crowded, settled
from tests.http.client import Api

pytestmark = pytest.mark.django_db
OWNER = Actor.system("tests")


@pytest.fixture(autouse=True)
def home(settings: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    setattr(settings, "HOME", tmp_path_factory.mktemp("home"))  # noqa: B010


@pytest.fixture
def world() -> World:
    """A club with a lot of everything, staff who work for it alone, and somebody who works elsewhere too."""
    world = settled(make.organization("Strand House"))
    crowded(world, 4)
    make.trusted_issuer(world.club)
    make.staff(world.club)
    ada, bob = make.customer(world.club), make.customer(world.club, number="CUS-900000")
    make.customer(world.club, merged_into=ada, number="CUS-900001")
    make.customer(world.club, merged_into=bob, number="CUS-900002")
    make.parked_job(world.club)
    return world


@pytest.fixture
def elsewhere() -> World:
    world = settled(make.organization("Elsewhere"))
    make.parked_job(world.club)
    return world


def shut(club: Organization) -> None:
    danger.begin_deletion(
        organization=club, typed=club.name, real_at=clock.now(), at=organizations.now(club), actor=OWNER
    )


def left(key: UUID) -> dict[str, int]:
    """How many rows of each kind still name the organization, in any column."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        if model.__module__.startswith("tessera"):
            for field in model._meta.concrete_fields:
                mine = field.name == "organization_id" or field.related_model is Organization or model is Organization
                name = "pk" if model is Organization else field.name
                if mine and (many := model._base_manager.filter(**{name: key}).count()):
                    found[model.__name__] = many
    return found


def deleted(club: Organization, *, block: int = 3) -> int:
    """Delete it, a little at a time; return how many turns it took."""
    turns = 1
    while not deleting.delete_some(club.pk, seconds=0, block=block):
        turns += 1
        assert turns < 2_000
    return turns


def test_everything_of_it_is_gone_and_everything_else_is_as_it_was(world: World, elsewhere: World) -> None:
    before, everything = dump(elsewhere.club), dump()
    shut(world.club)

    assert deleted(world.club) > 20

    assert left(world.club.pk) == {}
    assert dump(elsewhere.club) == before
    rest = {name: set(map(str, rows)) for name, rows in dump().items()}
    assert all(rows <= set(map(str, everything[name])) for name, rows in rest.items())
    assert not (storage.root() / str(world.club.pk)).exists()
    assert (storage.root() / str(elsewhere.club.pk)).is_dir()
    assert Api(elsewhere.secret).get("/customers").status == 200


def test_it_may_be_stopped_anywhere_and_begun_again_and_the_last_row_is_the_organization(world: World) -> None:
    shut(world.club)
    turns = 0
    while not deleting.delete_some(world.club.pk, seconds=0, block=2):
        turns += 1
        assert Organization.objects.filter(pk=world.club.pk).exists()
        assert not EventPassage.objects.exists()
    assert deleting.delete_some(world.club.pk, seconds=0)
    assert left(world.club.pk) == {}


def test_nothing_is_deleted_that_nobody_asked_to_delete(world: World) -> None:
    before = dump()
    assert deleting.delete_some(world.club.pk, seconds=10)
    assert deleting.delete_some(ids.new_id(), seconds=10)
    assert dump() == before


def test_its_name_has_to_be_typed(world: World) -> None:
    for typed in ("", "strand house", "Elsewhere"):
        with pytest.raises(NameNotTyped):
            danger.begin_deletion(
                organization=world.club, typed=typed, real_at=clock.now(), at=make.JAN_10, actor=OWNER
            )
    assert deleting.waiting() == []


def test_from_the_first_moment_on_nobody_gets_in(world: World) -> None:
    shut(world.club)
    assert Api(world.secret).get("/customers").code == "key_invalid"
    shut(world.club)
    assert Event.objects.filter(organization=world.club, type="organization.deletion_started").count() == 1


def test_staff_who_work_elsewhere_keep_their_accounts(world: World, elsewhere: World) -> None:
    both = make.staff(world.club)
    Staff.objects.create(organization=elsewhere.club, user=both.user, role="viewer", created_at=make.JAN_10)
    only = make.staff(world.club)
    shut(world.club)
    deleted(world.club, block=100)
    assert User.objects.filter(pk=both.user_id).exists()
    assert not User.objects.filter(pk=only.user_id).exists()


def test_events_can_be_deleted_by_nobody_else_and_changed_by_nobody(world: World, elsewhere: World) -> None:
    def refused(change: str) -> None:
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)

    refused("DELETE FROM events_event")
    refused("UPDATE events_event SET actor = 'x'")
    with transaction.atomic():
        EventPassage.objects.create(organization=world.club)
        refused("UPDATE events_event SET actor = 'x'")
        with pytest.raises(IntegrityError), transaction.atomic():
            Event.objects.filter(organization=elsewhere.club).delete()
        EventPassage.objects.all().delete()


def test_while_a_backup_reads_the_files_the_rest_waits(world: World) -> None:
    shut(world.club)
    with storage.nothing_removed():
        assert not deleting.delete_some(world.club.pk, seconds=60)
        assert left(world.club.pk) == {"Organization": 1}
    assert deleting.delete_some(world.club.pk, seconds=60)


def test_what_arrives_meanwhile_goes_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    shut(world.club)
    last = deleting._remove_last
    late: Iterator[bool] = iter([True])

    def with_a_latecomer(key: UUID) -> bool:
        if next(late, False):
            make.customer(Organization.objects.get(pk=key))
        return last(key)

    monkeypatch.setattr(deleting, "_remove_last", with_a_latecomer)
    # The database finds the latecomer at the commit, which a test's own transaction puts off: asked at once here.
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    if connection.vendor == "postgresql":
        assert not deleting.delete_some(world.club.pk, seconds=60)
        assert deleting.delete_some(world.club.pk, seconds=60)
        assert left(world.club.pk) == {}


def test_the_event_sets_a_job_going_that_belongs_to_nobody(world: World) -> None:
    shut(world.club)
    reacting.set_reaction(reactions.react)
    reacting.react.call(str(world.club.pk))
    job = Job.objects.get(key=f"delete:{world.club.pk}")
    assert (job.organization_id, job.task) == (None, "tessera.lifecycle.tasks.delete_organization")
    tasks.delete_organization.call(str(world.club.pk))
    assert left(world.club.pk) == {}


def test_lost_jobs_are_enqueued_again(world: World) -> None:
    shut(world.club)
    Job.objects.all().delete()
    tasks.catch_up.call()
    assert Job.objects.filter(key=f"delete:{world.club.pk}").exists()


def test_every_kind_of_record_is_ordered_before_what_it_refers_to() -> None:
    seen: set[object] = set()
    for each in deleting.belongings():
        for field in each.model._meta.concrete_fields:
            if field.related_model not in (None, each.model, Organization, User):
                assert field.related_model not in seen, f"{each.model.__name__}.{field.name}"
        seen.add(each.model)
    assert len(seen) > 25


def test_deleting_takes_as_many_statements_for_a_block_whatever_its_size(world: World) -> None:
    for _ in range(60):
        make.customer(world.club)
    shut(world.club)
    assert deleted(world.club, block=500) < 60
    assert left(world.club.pk) == {}


def test_a_test_organization_in_the_middle_of_a_move_goes_too() -> None:
    club = make.organization("Lab", test_now=make.JAN_10)
    begin_move(organization=club, to=make.FEB_10)
    shut(club)
    assert deleting.delete_some(club.pk, seconds=60)
    assert left(club.pk) == {}
