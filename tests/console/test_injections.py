"""Recent injections: what each refusal means, filtered, page by page, of this organization alone."""

from datetime import timedelta

import pytest

from tessera.console.refusals import MEANINGS
from tessera.core import clock
from tessera.identity.types import Refusal
from tests import make
from tests.console.visitor import Visitor

pytestmark = pytest.mark.django_db


def test_before_anything_was_handed_in_it_says_what_is_to_be_done(owner: Visitor) -> None:
    page = owner.get("injections")
    assert page.status == 200
    assert "No token has been handed in" in page.words
    assert "allow its origin first" in page.words
    owner.club.allowed_origins = ["https://club.example"]
    owner.club.save()
    assert "listed here within the same second" in owner.get("injections").words


def test_the_settings_lead_there_where_an_issuer_is_trusted(owner: Visitor) -> None:
    make.trusted_issuer(owner.club)
    assert "Recent injections" in owner.get("embedding").words


@pytest.mark.parametrize("refusal", Refusal)
def test_each_refusal_is_explained_with_what_to_do(owner: Visitor, refusal: Refusal) -> None:
    make.injection(owner.club, refusal, detail="aud is missing")
    words = owner.get("injections").words
    meaning, remedy = MEANINGS[refusal]
    for text in (
        str(meaning),
        str(remedy),
        str(refusal),
        "aud is missing",
        "https://club.example",
        "https://site.example",
    ):
        assert text in words, text


def test_what_was_taken_names_the_site(owner: Visitor) -> None:
    site = make.trusted_issuer(owner.club)
    make.injection(owner.club, issuer=site)
    page = owner.get("injections")
    assert "Signed in Website" in page.words
    site.delete()
    assert "A site that is no longer trusted" in owner.get("injections").words


def test_it_is_filtered_by_what_came_of_it(owner: Visitor) -> None:
    make.injection(owner.club, Refusal.NONCE_WRONG)
    make.injection(owner.club, Refusal.TOKEN_EXPIRED)
    make.injection(owner.club, issuer=make.trusted_issuer(owner.club))
    for outcome, lines in (("", 3), ("refused", 2), ("taken", 1), ("nonce_wrong", 1), ("nonsense", 3), ("\0", 3)):
        assert owner.get("injections", outcome=outcome).text.count('<li class="try">') == lines, outcome
    assert "Refused (2)" in owner.get("injections").words
    assert "Nothing of that" in owner.get("injections", outcome="issuer_off").words


def test_many_come_page_by_page_with_as_many_queries(owner: Visitor) -> None:
    make.injection(owner.club, Refusal.TOKEN_EXPIRED, issuer=make.trusted_issuer(owner.club))
    few = owner.get("injections")
    for _ in range(60):
        make.injection(owner.club, Refusal.TOKEN_EXPIRED, issuer=make.trusted_issuer(owner.club), at=clock.now())
    many = owner.get("injections")
    assert many.queries == few.queries <= 12
    assert many.text.count('<li class="try">') == 50
    assert "Earlier" in many.words
    bad = owner.get("injections", cursor="nonsense")
    assert bad.status in (400, 422)


def test_what_others_hand_in_is_not_seen_and_html_is_text(owner: Visitor) -> None:
    make.injection(make.organization(), Refusal.TOKEN_EXPIRED, origin="https://elsewhere.example")
    make.injection(
        owner.club, Refusal.ISSUER_UNKNOWN, said_issuer="<script>alert(1)</script>", detail="\u202e<b>reversed</b>",
        at=clock.now() - timedelta(days=1),
    )  # fmt: skip
    page = owner.get("injections")
    assert "elsewhere.example" not in page.text
    assert "<script>alert" not in page.text
    assert "<b>reversed" not in page.text
