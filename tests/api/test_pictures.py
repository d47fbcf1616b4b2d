"""Photos and logos over the API: the body is the picture."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tessera.events.models import Event
from tessera.files.models import Picture
from tests import make
from tests.api.dump import dump
from tests.api.world import World
from tests.files import pictures
from tests.files.pictures import picture
from tests.http.client import Answer, Api

PLACES = ("/customers/{customers}/photo", "/companies/{companies}/logo", "/organization/logo")
EVERY_PLACE = pytest.mark.parametrize("place", PLACES)


@pytest.fixture(autouse=True)
def home(settings: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    setattr(settings, "HOME", tmp_path_factory.mktemp("home"))  # noqa: B010


@pytest.fixture
def api(world: World) -> Api:
    return Api(world.secret)


def put(api: Api, path: str, content: bytes, kind: str = "image/jpeg") -> Answer:
    return api.call("PUT", path, raw=content, Content_Type=kind)


def url_in(api: Api, place: str, world: World) -> Any:
    record = api.get(place.format(**world.addresses).rpartition("/")[0] or "/organization").json
    return record["photo_url"] if "photo_url" in record else record["logo_url"]


@EVERY_PLACE
def test_a_picture_is_put_read_and_deleted(place: str, world: World, api: Api) -> None:
    path = place.format(**world.addresses)
    before = url_in(api, place, world)

    assert put(api, path, picture(size=(700, 700))).status == 204

    url = url_in(api, place, world)
    assert url != before and url.startswith("http://127.0.0.1:8000/api/v1/")
    read = api.get(url.removeprefix("http://127.0.0.1:8000/api/v1") + "&size=192")
    kind = "image/webp" if "photo" in place else "image/png"
    assert (read.status, read.headers["Content-Type"]) == (200, kind)
    assert Image.open(BytesIO(read.content)).size == (192, 192)
    assert read.headers["X-Content-Type-Options"] == "nosniff"

    assert api.call("DELETE", path).status == 204
    assert api.call("DELETE", path).status == 204
    assert (url_in(api, place, world), api.get(path).code) == (None, "picture_unknown")


@EVERY_PLACE
def test_the_same_picture_again_changes_nothing(place: str, world: World, api: Api) -> None:
    path = place.format(**world.addresses)
    put(api, path, picture())
    before = dump()
    assert put(api, path, picture()).status == 204
    assert dump() == before


@EVERY_PLACE
@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"<svg/>", "image/svg+xml", 415, "unsupported_media_type"),
        (picture("GIF", (9, 9)), "image/gif", 415, "unsupported_media_type"),
        (b'{"photo": 1}', "application/json", 415, "unsupported_media_type"),
        (b"<svg/>", "image/png", 422, "picture_unsupported"),
        (picture()[:300], "image/jpeg", 422, "picture_damaged"),
        (b"", "image/jpeg", 422, "picture_damaged"),
        (pictures.png_that_says(9000, 9000), "image/png", 422, "picture_too_many_pixels"),
        (picture() + bytes(5 * 1024 * 1024), "image/jpeg", 422, "picture_too_large"),
        (bytes(6 * 1024 * 1024), "image/jpeg", 413, "body_too_large"),
    ],
)
def test_what_is_no_picture_is_refused(
    place: str, content: bytes, kind: str, status: int, code: str, world: World, api: Api
) -> None:
    before = dump()
    answer = put(api, place.format(**world.addresses), content, kind)
    assert (answer.status, answer.code) == (status, code)
    assert dump() == before


def test_a_size_that_there_is_not_is_refused(world: World, api: Api) -> None:
    answer = api.get(f"/customers/{world.addresses['customers']}/photo?size=100")
    assert (answer.status, answer.faults) == (422, {"/size": "not_a_choice"})


def test_events_name_the_field_and_no_content(world: World, api: Api) -> None:
    put(api, f"/customers/{world.addresses['customers']}/photo", picture())
    event = Event.objects.filter(organization=world.club).latest("sequence")
    assert (event.type, event.data) == ("customer.updated", {"fields": ["photo"]})


def test_who_was_merged_away_gets_no_photo_and_the_better_one_stays(world: World, api: Api) -> None:
    plain, sharp = make.customer(world.club), make.customer(world.club)
    small, large = make.photo(plain, size=(80, 80)), make.photo(sharp, size=(400, 400))
    answer = api.post(f"/customers/{sharp.number}/merge", {"into": plain.number})
    assert answer.status == 200
    plain.refresh_from_db()
    sharp.refresh_from_db()
    assert (plain.photo_id, sharp.photo_id) == (large.pk, None)
    assert not Picture.objects.filter(pk=small.pk).exists()
    event = Event.objects.get(type="customer.merged")
    assert event.data["fields"] == ["photo"]


def test_of_two_photos_as_good_as_each_other_the_survivors_stays(world: World, api: Api) -> None:
    one, other = make.customer(world.club), make.customer(world.club)
    gone, kept = make.photo(one, size=(600, 600)), make.photo(other, size=(512, 700))
    api.post(f"/customers/{one.number}/merge", {"into": other.number})
    other.refresh_from_db()
    assert other.photo_id == kept.pk
    assert list(Picture.objects.filter(pk__in=[gone.pk, kept.pk])) == [kept]
