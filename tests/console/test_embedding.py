"""Allowed origins and trusted issuers at the console."""

import pytest

from tessera.events.models import Event
from tessera.http.outbound import Answer, OutboundFailed
from tessera.organizations import issuers
from tessera.organizations.models import TrustedIssuer
from tests import make
from tests.console.visitor import Visitor
from tests.organizations.signing import ed25519_pem, jwks_text, private_pem

pytestmark = pytest.mark.django_db


def origins(owner: Visitor, text: str) -> dict[str, str]:
    page = owner.get("embedding")
    return {"allowed_origins": text, "version": page.value("version"), "base": page.value("base")}


def site(**told: str) -> dict[str, str]:
    return {"name": "Website", "issuer": "https://club.example", "jwks_url": "", "keys": ed25519_pem(), **told}


def test_origins_are_one_a_line(owner: Visitor) -> None:
    owner.post("embedding", **origins(owner, "https://Club.example\r\n  https://www.club.example:8443 \r\n"))
    owner.club.refresh_from_db()
    assert owner.club.allowed_origins == ["https://club.example", "https://www.club.example:8443"]
    assert "https://www.club.example:8443" in owner.get("embedding").text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("club.example", "club.example: should begin with https://"),
        ("http://club.example", "what is loaded over http can be changed on the way"),
        ("https://club.example/join", "leave out what follows the host"),
        ("https://club.example/", "leave out what follows the host"),
        ("https://*.example", "a star would let in whoever gets an address there"),
        ("https://ada:pw@club.example", "leave out the name and password"),
        ("https://müller.example", "with xn-- for letters of other alphabets"),
        ("https://good.example\nnonsense", "nonsense: should begin with https://"),
    ],
)
def test_a_wrong_origin_says_what_is_wrong_with_it(owner: Visitor, typed: str, said: str) -> None:
    page = owner.post("embedding", **origins(owner, typed))
    assert page.status == 422
    assert said in page.words
    owner.club.refresh_from_db()
    assert owner.club.allowed_origins == []
    assert typed.splitlines()[0] in page.text


def test_an_issuer_is_trusted_changed_switched_off_and_removed(owner: Visitor) -> None:
    assert "No site signs its visitors in" in owner.get("embedding").words
    new = owner.get("issuer_new")
    audience = issuers.audience(owner.club)
    assert audience in new.words and audience.startswith("tessera:org_")
    once = new.value("once")
    owner.post("issuer_new", **site(), once=once)
    owner.post("issuer_new", **site(), once=once)
    row = TrustedIssuer.objects.get()
    assert "Ed25519 · EdDSA" in owner.get("embedding").words

    edit = owner.get("issuer_edit", row)
    owner.post("issuer_edit", row, **site(keys=jwks_text(), name="Shop"), version=edit.value("version"))
    row.refresh_from_db()
    assert row.name == "Shop" and {key["alg"] for key in row.keys} == {"RS256", "ES256"}

    assert "sign nobody in" in owner.get("issuer_switch", row, htmx=True).words
    owner.post("issuer_switch", row, active="")
    assert TrustedIssuer.objects.filter(active=False).exists()
    owner.post("issuer_switch", row, active="yes")
    assert TrustedIssuer.objects.filter(active=True).exists()
    owner.post("issuer_forget", row)
    assert not TrustedIssuer.objects.exists()
    assert [event.type for event in Event.objects.order_by("sequence")] == [
        "trusted_issuer.created", "trusted_issuer.updated", "trusted_issuer.updated", "trusted_issuer.updated",
        "trusted_issuer.deleted",
    ]  # fmt: skip


def test_editing_without_touching_the_keys_leaves_them_as_they_are(owner: Visitor) -> None:
    owner.post("issuer_new", **site(keys=jwks_text()))
    row = TrustedIssuer.objects.get()
    before = row.keys
    owner.post("issuer_edit", row, **site(keys=issuers.keys_text(row), name="Renamed"), version="1")
    row.refresh_from_db()
    assert (row.name, row.keys) == ("Renamed", before)


def test_a_private_key_is_refused_loudly(owner: Visitor) -> None:
    page = owner.post("issuer_new", **site(keys=private_pem()))
    assert page.status == 422
    assert "This is a private key: it must never leave the site." in page.words
    assert not TrustedIssuer.objects.exists()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"issuer": "http://club.example"}, "An issuer should be an address such as https://club.example"),
        ({"keys": ""}, "Paste a public key, or give the address"),
        ({"jwks_url": "https://club.example/jwks.json"}, "not both"),
        ({"keys": "", "jwks_url": "https://10.0.0.1/jwks"}, "in a network that requests do not go to"),
        ({"keys": "", "jwks_url": "ftp://club.example/x"}, "https://"),
    ],
)
def test_an_issuer_that_cannot_be_is_refused_at_its_field(owner: Visitor, told: dict[str, str], said: str) -> None:
    page = owner.post("issuer_new", **site(**told))
    assert page.status == 422
    assert said in page.words
    assert page.value("name") == "Website"


def test_one_issuer_is_trusted_once(owner: Visitor) -> None:
    owner.post("issuer_new", **site())
    again = owner.post("issuer_new", **site(keys=jwks_text()))
    assert again.status == 422 and "This issuer is trusted already" in again.words
    make.trusted_issuer(make.organization("Elsewhere"), "https://club.example")  # that is theirs


def test_two_people_at_one_issuer_see_both_versions(owner: Visitor) -> None:
    owner.post("issuer_new", **site())
    row = TrustedIssuer.objects.get()
    mine = {name: owner.get("issuer_edit", row).value(name) for name in ("name", "issuer", "version", "base")}
    keys = issuers.keys_text(row)
    owner.post("issuer_edit", row, **{**mine, "name": "Theirs"}, keys=keys)
    late = owner.post("issuer_edit", row, **{**mine, "name": "Mine"}, keys=keys)
    assert late.status == 422
    assert "Saved meanwhile Theirs Typed here Mine" in late.words


def test_the_address_of_keys_is_asked_through_the_guard_and_changes_nothing(
    owner: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answered(url: str, status: int, body: bytes) -> str:
        monkeypatch.setattr(issuers.published, "__kwdefaults__", {"ask": lambda *_, **__: Answer(status, {}, body, 12)})
        return owner.post("issuer_test", jwks_url=url, htmx=True).words

    url = "https://club.example/jwks.json"
    assert "2 keys can be used: RSA, 2048 bits and P-256. The answer took 12 ms." in answered(
        url, 200, jwks_text().encode()
    )
    assert "club.example answered 404" in answered(url, 404, b"")
    assert "is not JSON" in answered(url, 200, b"<html>")
    assert "more than 64 kB" in answered(url, 200, b" " * 70_000)

    def refuses(*_: object, **__: object) -> Answer:
        raise OutboundFailed("there is no host called club.example", reason="unknown_host")

    monkeypatch.setattr(issuers.published, "__kwdefaults__", {"ask": refuses})
    assert "There is no host called club.example." in owner.post("issuer_test", jwks_url=url).words
    assert "Type the address" in owner.post("issuer_test", jwks_url="").words
    assert not Event.objects.exists()


def test_an_address_inside_is_not_asked(owner: Visitor) -> None:
    said = owner.post("issuer_test", jwks_url="https://169.254.169.254/latest/meta-data", htmx=True).words
    assert "in a network that requests do not go to" in said
