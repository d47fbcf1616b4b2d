"""What a session remembers of forms that were sent outlives other requests of the same session."""

from typing import cast

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from tessera.console.access import StaffRequest
from tessera.console.once import FIELD, once

pytestmark = pytest.mark.django_db


def sent(session: str, form: str, *, made: list[str], meanwhile: str | None = None) -> None:
    """Send a form with a token in the browser of `session`; another is sent before this answer is out."""

    def view(request: HttpRequest) -> HttpResponse:

        def make() -> str:
            made.append(form)
            return f"/made/{form}"

        address = once(cast("StaffRequest", request), make)
        if meanwhile is not None:
            sent(session, meanwhile, made=made)
        return HttpResponse(address)

    request = RequestFactory().post("/", {FIELD: form})
    request.COOKIES[settings.SESSION_COOKIE_NAME] = session
    assert SessionMiddleware(view)(request).content.decode() == f"/made/{form}"  # type: ignore[union-attr]


def test_a_form_sent_while_another_is_answered_is_not_forgotten() -> None:
    browser, other = SessionStore(), SessionStore()
    browser.create()
    other.create()
    made: list[str] = []

    sent(str(browser.session_key), "first", made=made, meanwhile="second")
    sent(str(browser.session_key), "second", made=made)
    sent(str(browser.session_key), "first", made=made)

    assert made == ["first", "second"]
    sent(str(other.session_key), "first", made=made)
    assert made == ["first", "second", "first"]
