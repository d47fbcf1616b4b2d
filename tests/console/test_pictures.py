"""Photos and logos at the console: uploaded in a drawer, seen by whoever may, refused with reasons."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.files.models import Picture
from tessera.files.types import SIZES
from tessera.organizations.models import Organization
from tessera.organizations.rights import Role
from tests import make
from tests.console.visitor import Visitor, ref, working_for
from tests.files import pictures
from tests.files.pictures import picture
from tests.pages import Page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(settings: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    setattr(settings, "HOME", tmp_path_factory.mktemp("home"))  # noqa: B010


def upload(content: bytes, name: str = "me.jpg", kind: str = "image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type=kind)


def shown(page: Page, what: str = "photos") -> list[str]:
    return re.findall(rf'src="(/console/[\w-]+/{what}/pic_\w+/\d+)"', page.text)


def test_a_photo_is_uploaded_seen_replaced_and_removed(owner: Visitor) -> None:
    ada = make.customer(owner.club, first_name="Ada", last_name="Okonkwo")
    assert "Add a photo" in owner.get("customer", ada).words
    assert shown(owner.get("customer", ada)) == []

    done = owner.post("customer_photo", ada, picture=upload(pictures.from_telephone()))

    assert done.location == owner.address("customer", ada)
    first = shown(owner.get("customer", ada))
    assert len(first) == 1 and first[0].endswith("/192")
    assert [address[-3:] for address in shown(owner.get("customers"))] == ["/96"]
    owner.post("customer_photo", ada, picture=upload(picture(colour=pictures.BLUE)))
    second = shown(owner.get("customer", ada))
    assert second != first
    assert owner.open(first[0]).status == 404 and owner.open(second[0]).status == 200
    owner.post("customer_photo", ada, remove="yes")
    assert shown(owner.get("customer", ada)) == [] and not Picture.objects.exists()
    fields = [event.data["fields"] for event in Event.objects.filter(customer_id=ada.pk)]
    assert fields == [["photo"]] * 3


def test_a_picture_is_answered_so_that_it_can_be_nothing_else(owner: Visitor) -> None:
    photo = make.photo(make.customer(owner.club))
    page = owner.open(owner.address("customers").replace("customers", f"photos/{ref(photo)}/96"))
    assert page.headers["Content-Type"] == "image/webp"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Content-Disposition"] == f'inline; filename="{ref(photo)}-96.webp"'
    assert page.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert "sandbox" in page.headers["Content-Security-Policy"]
    for size in ("95", "1", "4096"):
        assert owner.open(owner.address("customers").replace("customers", f"photos/{ref(photo)}/{size}")).status == 404


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "logo.svg", "It should be JPEG, PNG or WebP."),
        (picture("GIF", (64, 64)), "really.jpg", "It should be JPEG, PNG or WebP."),
        (pictures.moving("WEBP"), "a.webp", "Choose one that stands still."),
        (picture()[:500], "half.jpg", "damaged or cut short"),
        (pictures.png_that_says(5200, 5001), "big.png", "more than 25 megapixels"),
        (picture() + bytes(5 * 1024 * 1024), "long.jpg", "more than 5 MB"),
        (b"", "empty.jpg", "The file is empty."),
    ],
)
def test_what_is_no_picture_is_refused_at_its_field(owner: Visitor, content: bytes, name: str, said: str) -> None:
    ada = make.customer(owner.club)
    page = owner.post("customer_photo", ada, picture=upload(content, name))
    assert page.status == 422
    assert said.lower() in page.words.lower()
    assert not Picture.objects.exists() and not Event.objects.exists()


def test_without_a_file_it_asks_for_one(owner: Visitor) -> None:
    page = owner.post("customer_photo", make.customer(owner.club))
    assert page.status == 422 and "Choose a picture." in page.words


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "C:\\x.jpg", "x" * 300 + ".jpg", "<script>.jpg", ".htaccess", "\u202egpj.exe"]
)
def test_what_the_file_is_called_means_nothing(owner: Visitor, name: str, settings: Any) -> None:
    ada = make.customer(owner.club)
    file = upload(picture())
    file._name = name  # type: ignore[attr-defined]  # set past Django, which would mend it
    assert owner.post("customer_photo", ada, picture=file).status == 302
    stored = {path.relative_to(settings.HOME).as_posix() for path in settings.HOME.rglob("*") if path.is_file()}
    key = Picture.objects.get().pk
    assert stored == {f"media/{owner.club.pk}/{key}-{size}.webp" for size in SIZES}


def test_more_than_is_read_is_refused_before_it_is(owner: Visitor) -> None:
    ada = make.customer(owner.club)
    page = owner.post("customer_photo", ada, picture=upload(bytes(33 * 1024 * 1024)))
    assert page.status == 413 and "at most 32 MB" in page.words
    elsewhere = owner.post("customer_new", first_name="x" * (3 * 1024 * 1024))
    assert elsewhere.status == 413 and "at most 2 MB" in elsewhere.words


def test_logos_of_a_company_and_of_the_organization(owner: Visitor) -> None:
    acme = make.company(owner.club)
    owner.post("company_logo_change", acme, picture=upload(picture("PNG", (300, 100)), "l.png", "image/png"))
    assert len(shown(owner.get("company", acme), "company-logos")) == 1
    assert len(shown(owner.get("companies"), "company-logos")) == 1
    owner.post("logo_change", picture=upload(picture("PNG", (300, 100)), "l.png", "image/png"))
    page = owner.get("branding")
    assert shown(page, "logo") and owner.open(shown(page, "logo")[0]).headers["Content-Type"] == "image/png"
    owner.post("logo_change", remove="yes")
    owner.post("company_logo_change", acme, remove="yes")
    assert not Picture.objects.exists()


def test_a_picture_is_seen_through_its_own_organization_and_kind_only(owner: Visitor) -> None:
    ada, acme = make.customer(owner.club), make.company(owner.club)
    photo, logo = make.photo(ada), make.logo(acme)
    stranger = working_for(make.organization("Elsewhere"))

    def status(visitor: Visitor, club: Organization, what: str, row: Picture) -> int:
        return visitor.open(f"/console/{club.slug}/{what}/{ids.to_text(Prefix.PICTURE, row.pk)}/96").status

    assert status(owner, owner.club, "photos", photo) == status(owner, owner.club, "company-logos", logo) == 200
    assert status(owner, owner.club, "photos", logo) == status(owner, owner.club, "logo", photo) == 404
    for club in (owner.club, stranger.club):
        assert status(stranger, club, "photos", photo) == 404


def test_a_viewer_sees_photos_and_changes_none(owner: Visitor) -> None:
    ada = make.customer(owner.club)
    photo = make.photo(ada)
    viewer = working_for(owner.club, Role.VIEWER)
    page = viewer.get("customer", ada)
    assert shown(page) and "Change the photo" not in page.words
    assert viewer.post("customer_photo", ada, remove="yes").status == 403
    assert Picture.objects.get() == photo


def test_lists_with_photos_cost_no_more_than_lists_without(owner: Visitor) -> None:
    acme = make.company(owner.club)
    people = [make.customer(owner.club) for _ in range(12)]
    for person in people:
        make.affiliation(person, acme)

    def costs() -> tuple[int, ...]:
        return (
            owner.get("customers").queries, owner.get("companies").queries,
            owner.get("company", acme).queries, owner.get("customer", people[0]).queries,
        )  # fmt: skip

    before = costs()
    for person in people:
        make.photo(person)
    make.logo(acme)
    assert costs() == before
