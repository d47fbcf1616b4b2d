"""The self-test, as our side answers it: which sites may frame, what is wrong with a token, and nothing else."""

import re
from typing import Any

import pytest
from django.test import Client

from tessera.identity.models import CustomerSession, Injection
from tessera.organizations.models import Organization
from tests import make

pytestmark = pytest.mark.django_db

OURS = "http://127.0.0.1:8000"


def address(club: Organization) -> str:
    return f"/embed/{club.slug}/check"


def flow_of(text: str) -> str:
    found = re.search(r'name="flow" value="([^"]+)"', text)
    assert found is not None
    return found[1]


def send(club: Organization, client: Client, *, origin: str = OURS, site: str = "same-origin", **told: str) -> Any:
    headers = {"Origin": origin, "Sec-Fetch-Site": site}
    return client.post(address(club), told, headers=headers)


def test_it_is_framed_by_whom_the_real_page_is_framed(club: Organization) -> None:
    stranger = make.organization()
    answer = Client().get(address(club))
    assert "frame-ancestors https://club.example;" in f"{answer['Content-Security-Policy']};"
    assert "X-Frame-Options" not in answer
    nobodys = Client().get(address(stranger))
    assert "frame-ancestors 'none'" in nobodys["Content-Security-Policy"]
    assert "None yet" in nobodys.content.decode()
    assert "club.example" not in nobodys.content.decode().replace("https://club.example/join", "")
    assert Client().get("/embed/nobody/check").status_code == 404


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("https://club.example/join?x=1", "may show the frame"),
        ("https://CLUB.example", "may show the frame"),
        ("https://www.club.example", "https://club.example is allowed, and this is another"),
        ("http://club.example", "should begin with https://"),
        ("https://club.example:8443", "https://club.example is allowed, and this is another"),
        ("https://other.example", "is not among the allowed origins"),
        ("club.example", "should begin with https://"),
        ("https://*.example", "star"),
        ("https://[", "should"),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_it_says_whether_a_site_may_frame_and_what_differs(club: Organization, typed: str, said: str) -> None:
    answer = Client().get(address(club), {"site": typed})
    assert answer.status_code == 200
    assert said in answer.content.decode().partition('id="site-said"')[2]


def test_a_token_is_judged_by_name_and_signs_nobody_in(club: Organization) -> None:
    client = Client()
    flow = flow_of(client.get(address(club)).content.decode())
    sent = send(club, client, do="token", flow=flow, token="no token")
    assert sent.status_code == 422
    assert "<code>origin_not_allowed</code>" in sent.content.decode()
    headers = {"Origin": OURS, "Sec-Fetch-Site": "same-origin"}
    told = {"do": "token", "flow": flow, "token": "a.b.c", "origin": "https://club.example"}
    judged = client.post(address(club), told, headers=headers)
    assert 'data-error="token_malformed"' in judged.content.decode()
    assert [row.refusal for row in Injection.objects.order_by("id")] == ["origin_not_allowed", "token_malformed"]
    assert not CustomerSession.objects.exists()


def test_a_cookie_of_the_frame_comes_back_the_second_time(club: Organization) -> None:
    client = Client()
    flow = flow_of(client.get(address(club)).content.decode())
    first = send(club, client, do="cookie", flow=flow)
    assert first.json() == {"back": False}
    assert "Partitioned" in first.cookies.output()
    assert send(club, client, do="cookie", flow=flow).json() == {"back": True}
    assert send(club, Client(), do="cookie", flow=flow).json() == {"back": False}


def test_other_sites_can_send_it_nothing(club: Organization) -> None:
    client = Client()
    flow = flow_of(client.get(address(club)).content.decode())
    for told in ({"origin": "https://club.example"}, {"site": "cross-site"}, {"origin": "null"}):
        assert send(club, client, do="cookie", flow=flow, **told).status_code == 403
    assert send(club, client, do="cookie", flow="x").status_code == 409
    stranger = make.organization()
    assert send(stranger, client, do="cookie", flow=flow).status_code == 409
    assert not Injection.objects.exists()
