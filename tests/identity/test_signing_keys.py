"""Keys that sign: made when first needed, renewed with overlap, revoked at once; and how they are published."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tessera.core import clock
from tessera.db import sealed_columns
from tessera.events.models import Event
from tessera.events.types import Actor, EventType
from tessera.identity import signing_keys
from tessera.identity.errors import SigningKeyUnknown
from tessera.identity.models import SigningKey
from tessera.identity.signing_keys import AHEAD, LONGEST_TOKEN, SIGNS_FOR, State
from tests import make
from tests.make import JAN_10
from tests.people.racing import at_once

BY = Actor.system("tests")
SECOND = timedelta(seconds=1)


def states(at: datetime) -> list[State]:
    return [key.state for key in signing_keys.keys(at)]


def kids(at: datetime) -> list[str]:
    return [jwk["kid"] for jwk in signing_keys.published(at)]


@pytest.mark.django_db
class TestKeys:
    def test_there_is_none_until_one_is_needed_and_then_one(self) -> None:
        assert signing_keys.published(JAN_10) == []

        first, again = signing_keys.signer(JAN_10), signing_keys.signer(JAN_10 + timedelta(days=1))

        assert first.kid == again.kid
        assert kids(JAN_10) == [first.kid]
        assert states(JAN_10) == [State.SIGNING]

    def test_what_is_published_is_the_public_part_of_what_signs_and_no_more(self) -> None:
        signer = signing_keys.signer(JAN_10)

        (jwk,) = signing_keys.published(JAN_10)

        public = signing_keys.public_key(signer.kid)
        assert isinstance(public, Ed25519PublicKey)
        public.verify(signer.private.sign(b"said"), b"said")
        assert jwk.keys() == {"kty", "crv", "x", "alg", "use", "kid"}
        assert jwk["kid"] == signing_keys.thumbprint(jwk["x"])

    def test_a_kid_is_the_thumbprint_that_the_specification_gives(self) -> None:
        # RFC 8037, appendix A.3
        x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
        assert signing_keys.thumbprint(x) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

    def test_the_private_part_is_kept_sealed_and_known_to_whoever_changes_the_keys_of_secrets(self) -> None:
        signer = signing_keys.signer(JAN_10)
        row = SigningKey.objects.get()

        assert row.private.startswith("s1.")
        assert signer.private.private_bytes_raw().hex() not in str(SigningKey.objects.values())
        column = next(each for each in sealed_columns.declared() if each.model is SigningKey)
        assert [why for _, why in sealed_columns.opened(column)] == [None]

    def test_a_key_is_published_before_it_signs_and_stays_until_what_it_signed_is_over(self) -> None:
        first = signing_keys.signer(JAN_10).kid
        later = JAN_10 + timedelta(days=3)

        second = signing_keys.rotate(at=later, actor=BY).kid

        assert states(later) == [State.SIGNING, State.UPCOMING]
        assert kids(later) == [first, second]
        signs = later + AHEAD
        assert signing_keys.signer(signs - SECOND).kid == first
        assert signing_keys.signer(signs).kid == second
        assert kids(signs + LONGEST_TOKEN) == [first, second]
        assert kids(signs + LONGEST_TOKEN + timedelta(minutes=6)) == [second]

    def test_asking_for_another_key_twice_makes_one(self) -> None:
        signing_keys.signer(JAN_10)

        one = signing_keys.rotate(at=JAN_10 + SECOND, actor=BY)
        other = signing_keys.rotate(at=JAN_10 + 2 * SECOND, actor=BY)

        assert one.kid == other.kid
        assert SigningKey.objects.count() == 2

    def test_the_first_key_that_is_asked_for_signs_at_once(self) -> None:
        assert signing_keys.rotate(at=JAN_10, actor=BY).state is State.SIGNING

    def test_keys_renew_themselves_in_time(self) -> None:
        signing_keys.tend(at=JAN_10, actor=BY)
        assert not SigningKey.objects.exists(), "where nobody needs a key none is made"
        first = signing_keys.signer(JAN_10).kid
        due = JAN_10 + SIGNS_FOR - AHEAD

        signing_keys.tend(at=due - SECOND, actor=BY)
        assert states(due) == [State.SIGNING]
        for _ in range(2):
            signing_keys.tend(at=due, actor=BY)
        assert states(due) == [State.SIGNING, State.UPCOMING]

        over = due + AHEAD + timedelta(hours=2)
        signing_keys.tend(at=over, actor=BY)
        assert states(over) == [State.OVER, State.SIGNING]
        assert SigningKey.objects.get(kid=first).private == ""
        assert signing_keys.signer(over).kid != first

    def test_a_revoked_key_counts_no_more_and_another_signs_at_once(self) -> None:
        first = signing_keys.signer(JAN_10).kid

        second = signing_keys.revoke(kid=first, at=JAN_10 + SECOND, actor=BY)

        assert second.state is State.SIGNING
        assert signing_keys.public_key(first) is None
        assert kids(JAN_10 + SECOND) == [second.kid] == [signing_keys.signer(JAN_10 + SECOND).kid]
        assert SigningKey.objects.get(kid=first).private == ""

    def test_revoking_hastens_the_key_that_waits_since_others_may_know_it(self) -> None:
        first = signing_keys.signer(JAN_10).kid
        waiting = signing_keys.rotate(at=JAN_10, actor=BY).kid

        now = signing_keys.revoke(kid=first, at=JAN_10 + SECOND, actor=BY)

        assert now.kid == waiting == signing_keys.signer(JAN_10 + SECOND).kid
        assert SigningKey.objects.count() == 2

    def test_revoking_the_key_that_waits_leaves_the_one_that_signs(self) -> None:
        first = signing_keys.signer(JAN_10).kid
        waiting = signing_keys.rotate(at=JAN_10, actor=BY).kid

        assert signing_keys.revoke(kid=waiting, at=JAN_10 + SECOND, actor=BY).kid == first
        assert states(JAN_10 + 2 * AHEAD) == [State.SIGNING, State.REVOKED]

    @pytest.mark.parametrize("kid", ["", "no-such-key"])
    def test_what_is_no_key_cannot_be_revoked(self, kid: str) -> None:
        signing_keys.signer(JAN_10)
        with pytest.raises(SigningKeyUnknown):
            signing_keys.revoke(kid=kid, at=JAN_10, actor=BY)

    def test_a_key_is_revoked_once(self) -> None:
        kid = signing_keys.signer(JAN_10).kid
        signing_keys.revoke(kid=kid, at=JAN_10, actor=BY)
        with pytest.raises(SigningKeyUnknown):
            signing_keys.revoke(kid=kid, at=JAN_10, actor=BY)
        assert SigningKey.objects.count() == 2

    def test_every_organization_is_told_of_a_key_and_of_its_end_without_the_key(self) -> None:
        live, test = make.organization(), make.organization(test_now=make.FEB_10)
        kid = signing_keys.signer(JAN_10).kid
        signing_keys.revoke(kid=kid, at=JAN_10, actor=BY)

        for club in (live, test):
            lines = Event.objects.filter(organization_id=club.pk).order_by("sequence")
            assert [line.type for line in lines] == [
                EventType.SIGNING_KEY_PUBLISHED,
                EventType.SIGNING_KEY_REVOKED,
                EventType.SIGNING_KEY_PUBLISHED,
            ]
            assert lines[1].data == {"key": kid}
        assert {line.at for line in Event.objects.filter(organization_id=test.pk)} == {make.FEB_10}


@pytest.mark.django_db
class TestPublished:
    def get(self, **headers: str) -> Any:
        return Client().get("/.well-known/jwks.json", headers={n.replace("_", "-"): v for n, v in headers.items()})

    def test_anybody_gets_the_keys_with_one_query_and_may_keep_them_for_a_while(self) -> None:
        signer = signing_keys.signer(clock.now())

        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = self.get()

        assert len(queries) == 1
        assert answer.status_code == 200
        assert answer["Content-Type"] == "application/jwk-set+json"
        assert answer["Cache-Control"] == "public, max-age=600"
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert [jwk["kid"] for jwk in json.loads(answer.content)["keys"]] == [signer.kid]
        assert "private" not in answer.content.decode() and '"d"' not in answer.content.decode()

    def test_who_has_them_already_is_told_so_until_they_change(self) -> None:
        signing_keys.signer(clock.now())
        etag = self.get()["ETag"]

        for sent in (etag, f'W/{etag}, "other"', "*"):
            again = self.get(If_None_Match=sent)
            assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
        signing_keys.rotate(at=clock.now(), actor=BY)
        assert self.get(If_None_Match=etag).status_code == 200

    def test_nobody_should_remember_that_there_was_no_key_yet_and_asking_makes_none(self) -> None:
        answer = self.get()

        assert json.loads(answer.content) == {"keys": []}
        assert answer["Cache-Control"] == "no-cache"
        assert not SigningKey.objects.exists()

    def test_a_key_that_waits_is_there_and_one_that_is_over_is_not(self) -> None:
        with time_machine.travel(JAN_10, tick=False):
            signing_keys.signer(JAN_10)
            signing_keys.rotate(at=JAN_10, actor=BY)
            assert len(json.loads(self.get().content)["keys"]) == 2
        with time_machine.travel(JAN_10 + timedelta(days=2), tick=False):
            assert len(json.loads(self.get().content)["keys"]) == 1

    def test_it_is_only_read(self) -> None:
        answer = Client().post("/.well-known/jwks.json")
        assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
        assert Client().head("/.well-known/jwks.json").status_code == 200


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_all_who_need_the_first_key_at_once_get_the_same() -> None:
    make.organization()
    found = at_once([lambda: signing_keys.signer(clock.now()).kid] * 6)
    assert len(set(map(str, found))) == 1
    assert SigningKey.objects.count() == 1


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_who_renew_the_key_at_once_publish_one() -> None:
    signing_keys.signer(JAN_10)
    found = at_once([lambda: signing_keys.rotate(at=JAN_10 + SECOND, actor=BY).kid] * 4)
    assert len(set(map(str, found))) == 1
    assert SigningKey.objects.count() == 2
