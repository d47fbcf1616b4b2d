"""The pages of a customer and a company: notes, what is granted through what, archiving, positions, and undoing."""

import re
from datetime import timedelta

import pytest

from tessera.organizations.models import Organization
from tessera.organizations.rights import Role
from tessera.people.models import Affiliation, Note
from tessera.people.types import CompanyStatus, CustomerStatus
from tests import make
from tests.console.visitor import Visitor, ref, working_for
from tests.pages import Page

pytestmark = pytest.mark.django_db


def undo(owner: Visitor) -> Page:
    """Press "Undo" in the message that the next page shows."""
    page = owner.get("customers").text
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token is not None, "nothing to undo"
    owner.post("undo", token=token[1])
    return owner.get("customers")


def note_ref(owner: Visitor) -> str:
    """The id of the note that was written last."""
    return ref(Note.objects.filter(organization=owner.club).latest("id"))


@pytest.mark.parametrize("kind", ["customer", "company"])
def test_a_note_is_written_changed_pinned_deleted_and_put_back(owner: Visitor, kind: str) -> None:
    about = make.customer(owner.club) if kind == "customer" else make.company(owner.club)
    once = owner.get(f"{kind}_note_write", about).value("once")
    for _ in range(2):
        owner.post(f"{kind}_note_write", about, text="Has a locker.\nNumber 41.", once=once)
    assert Note.objects.count() == 1
    page = owner.get(kind, about)
    assert "Has a locker. Number 41. Sam Steward" in page.words
    written = note_ref(owner)

    assert owner.post(f"{kind}_note_edit", about, written, text="Lost the key.", version=1).status == 302
    owner.post(f"{kind}_note_pin", about, written, pinned="yes")
    assert "On top Lost the key." in owner.get(kind, about).words

    assert "Delete this note" in owner.get(f"{kind}_note_delete", about, written).words
    owner.post(f"{kind}_note_delete", about, written)
    assert "Lost the key." not in owner.get(kind, about).words
    assert owner.post(f"{kind}_note_delete", about, written).status == 422


def test_a_deleted_note_is_put_back_by_undo(owner: Visitor) -> None:
    ada = make.customer(owner.club)
    owner.post("customer_note_write", ada, text="Swims at seven")
    owner.post("customer_note_delete", ada, note_ref(owner))
    assert "The note is back." in undo(owner).words
    assert "Swims at seven" in owner.get("customer", ada).words


def test_a_note_is_changed_by_its_author_only(owner: Visitor) -> None:
    ada = make.customer(owner.club)
    owner.post("customer_note_write", ada, text="Swims at seven")
    desk = working_for(owner.club, Role.FRONT_DESK)
    edit = owner.address("customer_note_edit", ada, note_ref(owner))
    assert edit in owner.get("customer", ada).text
    assert edit not in desk.get("customer", ada).text
    refused = desk.post("customer_note_edit", ada, note_ref(owner), text="Mine now", version=1)
    assert refused.status == 422
    assert "changed by whoever wrote it" in refused.words


def test_a_note_over_somebody_elses_version_shows_both(owner: Visitor) -> None:
    ada = make.customer(owner.club)
    owner.post("customer_note_write", ada, text="one")
    form = owner.get("customer_note_edit", ada, note_ref(owner))
    owner.post("customer_note_edit", ada, note_ref(owner), text="two", version=1)
    base = form.value("base")
    page = owner.post("customer_note_edit", ada, note_ref(owner), text="three", version=1, base=base)
    assert page.status == 422
    assert "Saved meanwhile two Typed here three" in page.words


def test_a_viewer_reads_notes_and_changes_none(owner: Visitor) -> None:
    ada = make.customer(owner.club)
    owner.post("customer_note_write", ada, text="Swims at seven")
    viewer = working_for(owner.club, Role.VIEWER)
    page = viewer.get("customer", ada)
    assert "Swims at seven" in page.words
    assert "Write a note" not in page.words
    for name in ("customer_note_edit", "customer_note_pin", "customer_note_delete"):
        assert viewer.post(name, ada, note_ref(owner), text="x", pinned="yes").status == 403


def test_undo_is_for_whoever_did_it_and_only_what_was_offered(owner: Visitor) -> None:
    ada = make.customer(owner.club)
    owner.post("customer_note_write", ada, text="Swims at seven")
    owner.post("customer_note_delete", ada, note_ref(owner))
    token = re.search(r'name="token" value="([^"]+)"', owner.get("customers").text)
    assert token is not None
    other = working_for(owner.club, Role.MANAGER)
    assert other.post("undo", token=token[1]).status == 403
    owner.post("undo", token=token[1] + "x")
    assert "too late to undo" in owner.get("customers").words
    assert Note.objects.get().deleted_at is not None


def test_each_permission_shows_all_its_sources(owner: Visitor) -> None:
    ada, acme = make.customer(owner.club), make.company(owner.club, "Acme Ltd")
    make.affiliation(ada, acme)
    make.membership(make.plan(owner.club, "Gold", permissions=["pool"]), customer=ada, ends_at=make.FEB_10)
    make.membership(make.plan(owner.club, "Corporate", permissions=["pool"]), company=acme)
    page = owner.get("customer", ada).words
    assert "Pool Gold until Tue 10 Feb, 12:00 and Acme Ltd, Corporate no end no end" in page


def test_what_is_over_is_kept_out_of_the_way(owner: Visitor) -> None:
    ada = make.customer(owner.club)
    make.membership(make.plan(owner.club, "Old"), customer=ada, ended_at=make.JAN_10)
    page = owner.get("customer", ada).words
    assert "No running membership" in page
    assert "1 that is over" in page


def test_contact_can_be_written_called_and_copied(owner: Visitor) -> None:
    ada = make.customer(owner.club, emails=["ada@example.org"], phones=["+442079460018"])
    page = owner.get("customer", ada).text
    for text in ("mailto:ada@example.org", "tel:+442079460018", 'data-copy="ada@example.org"'):
        assert text in page


def test_what_happened_is_filtered_by_kind(owner: Visitor) -> None:
    ada = make.customer(owner.club)
    owner.post("customer_note_write", ada, text="Swims")
    owner.post("customer_edit", ada, first_name="Ada", last_name="New", version=1)
    part = owner.get("customer_timeline", ada, htmx=True)
    assert "<html" not in part.text
    assert "Note written" in part.words
    assert "Details changed" in part.words
    assert "Details changed" not in owner.get("customer_timeline", ada, kind="notes").words
    assert "Note written" not in owner.get("customer_timeline", ada, kind="details").words
    assert "Note written" in owner.get("customer_timeline", ada, kind="staff").words
    assert "Nothing has happened yet." in owner.get("customer_timeline", ada, kind="memberships").words


def test_archiving_says_what_stands_in_the_way_and_restoring_takes_it_back(owner: Visitor) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    gold = make.membership(make.plan(owner.club, "Gold"), customer=ada)
    asked = owner.get("customer_archive", ada)
    assert "1 membership is not over. End it first: Gold" in asked.words
    assert owner.post("customer_archive", ada).status == 422
    gold.ended_at, gold.ended_reason = make.JAN_10, "canceled"
    gold.save()
    assert "Nothing is deleted" in owner.get("customer_archive", ada).words
    for _ in range(2):
        owner.post("customer_archive", ada)
    ada.refresh_from_db()
    assert ada.status == CustomerStatus.ARCHIVED
    assert "Nothing, while they are archived." in owner.get("customer", ada).words
    owner.post("customer_restore", ada)
    ada.refresh_from_db()
    assert ada.status == CustomerStatus.ACTIVE


def test_a_company_is_archived_and_restored(owner: Visitor) -> None:
    acme = make.company(owner.club, "Acme Ltd")
    make.employee(acme)
    assert "The 1 person who belongs to it stays" in owner.get("company_archive", acme).words
    owner.post("company_archive", acme)
    acme.refresh_from_db()
    assert acme.status == CompanyStatus.ARCHIVED
    assert "Restore" in owner.get("company", acme).words
    owner.post("company_restore", acme)
    acme.refresh_from_db()
    assert acme.status == CompanyStatus.ACTIVE


def test_whoever_is_banned_is_not_archived(owner: Visitor) -> None:
    ada = make.customer(owner.club, status=CustomerStatus.BANNED)
    assert "Lift the ban first." in owner.get("customer_archive", ada).words
    assert owner.post("customer_archive", ada).status == 422


def test_a_position_is_changed(owner: Visitor) -> None:
    acme = make.company(owner.club, "Acme Ltd")
    ada = make.employee(acme)
    assert owner.get("position", acme, ada).value("title") == ""
    told = {"title": "Director", "primary_contact": "on"}
    assert owner.post("position", acme, ada, **told).location == owner.address("company", acme)
    row = Affiliation.objects.get()
    assert (row.title, row.primary_contact, row.company_admin) == ("Director", True, False)
    assert "Director primary contact" in owner.get("company", acme).words
    assert owner.get("position", acme, make.customer(owner.club)).status == 404


def test_a_position_over_somebody_elses_change_shows_both(owner: Visitor) -> None:
    acme, ada = make.company(owner.club), make.customer(owner.club)
    make.affiliation(ada, acme, title="Clerk")
    base = owner.get("position", acme, ada).value("base")
    owner.post("position", acme, ada, base=base, version="1", title="Director", company_admin="on")
    refused = owner.post("position", acme, ada, base=base, version="1", title="Driver")
    assert refused.status == 422
    assert "Saved meanwhile Director Typed here Driver" in refused.words
    assert Affiliation.objects.get().title == "Director"
    again = {"base": refused.value("base"), "version": "1", "title": "Driver", "company_admin": "on"}
    owner.post("position", acme, ada, **again)
    row = Affiliation.objects.get()
    assert (row.title, row.company_admin) == ("Driver", True)


def test_the_head_says_what_is_nearest_to_being_let_in(owner: Visitor) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo", tags=["Press & radio"])

    def head() -> str:
        page = owner.get("customer", ada).text
        return Page(200, page.partition("<h1")[2].partition("</p>")[0], {}, 0).words

    assert "No active membership" in head()
    make.membership(
        make.plan(owner.club, "Old"),
        customer=ada,
        starts_at=make.JAN_10 - timedelta(days=9),
        ends_at=make.JAN_10 - timedelta(days=3),
    )
    assert "Expired Old ended" in head()
    held = make.membership(make.plan(owner.club, "Gold"), customer=ada)
    make.pause(held, starts_at=make.JAN_10 - timedelta(days=1))
    assert "Paused Gold paused until somebody resumes it" in head()
    make.membership(make.plan(owner.club, "Silver"), customer=ada, ends_at=make.FEB_10)
    assert "Active Silver until" in head()
    assert f"{owner.address('customers')}?tag=Press%20%26%20radio" in owner.get("customer", ada).text


def test_a_page_costs_twelve_queries_at_most_and_the_same_with_more(club: Organization, owner: Visitor) -> None:
    ada, acme = make.customer(club, emails=["a@x.example"]), make.company(club)
    make.affiliation(ada, acme)
    make.customer(club, emails=["a@x.example"])
    make.membership(make.plan(club, permissions=["pool"]), customer=ada)
    make.membership(make.plan(club, permissions=["gym"], seats=100), company=acme)
    for about, kind in ((ada, "customer"), (acme, "company")):
        owner.post(f"{kind}_note_write", about, text="one")

    def costs() -> dict[str, int]:
        names = {"customer": ada, "company": acme, "customer_timeline": ada, "company_timeline": acme}
        names |= {"customer_merge": ada}
        for name, row in names.items():
            owner.get(name, row)
        return {name: owner.get(name, row).queries for name, row in names.items()}

    before = costs()
    assert max(before.values()) <= 12, before
    for number in range(8):
        other = make.company(club)
        make.affiliation(ada, other)
        make.membership(make.plan(club, permissions=[f"room-{number}"], seats=50), company=other)
        make.membership(make.plan(club, permissions=[f"gym-{number}"]), customer=ada)
        make.membership(make.plan(club, permissions=["gym"], seats=90 + number), company=acme)
        make.employee(acme)
        make.customer(club, emails=["a@x.example"])
        for about, kind in ((ada, "customer"), (acme, "company")):
            owner.post(f"{kind}_note_write", about, text="more")
    assert costs() == before


def test_a_planned_unlink_later_is_undone_with_the_end_it_had(owner: Visitor) -> None:
    acme = make.company(owner.club, "Acme Ltd")
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    end = make.JAN_10 + timedelta(days=90)
    make.affiliation(ada, acme, ends_at=end, starts_at=make.JAN_10 - timedelta(days=9))
    owner.post("unlink", acme, ada)
    assert Affiliation.objects.get().ends_at == make.JAN_10
    assert "1 person belongs to Acme Ltd as before." in undo(owner).words
    assert Affiliation.objects.get().ends_at == end
