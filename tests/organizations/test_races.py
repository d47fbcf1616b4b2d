"""Two at once: what is counted before one more is added."""

import pytest

from tessera.events.types import Actor
from tessera.organizations import issuers
from tessera.organizations.models import TrustedIssuer
from tests import make
from tests.people.racing import meanwhile

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]


def test_the_last_site_that_may_be_trusted_is_trusted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    club = make.organization()
    keys = issuers.keys_text(make.trusted_issuer(make.organization()))
    monkeypatch.setattr(issuers, "_MOST", 1)

    def trust(name: str) -> TrustedIssuer:
        return issuers.trust_issuer(
            organization=club,
            name=name,
            issuer=f"https://{name}.example",
            jwks_url="",
            keys=keys,
            at=make.JAN_10,
            actor=Actor.system("tests"),
        )

    with meanwhile(monkeypatch, TrustedIssuer, "save", lambda: trust("other")) as other:
        trust("one")

    assert [getattr(each, "code", each) for each in other] == ["field_invalid"]
    assert TrustedIssuer.objects.filter(organization=club).count() == 1
