"""The API keeps every promise of its own document, whatever it is sent (schemathesis, with a fixed seed)."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis import Case, CheckContext, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData

from tessera.config.api import api
from tessera.http import limits
from tessera.http.schemas import EARLIEST, LATEST
from tessera.identity import app_tokens
from tessera.identity.types import Surface
from tests.api.world import World
from tests.identity.visitors import Browser

SERVED = get_wsgi_application()


def answered_to_somebody(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    """The installation, which always knows from which address it is called."""
    return SERVED({"REMOTE_ADDR": "192.0.2.1", **environ}, start)


SCHEMA = schemathesis.openapi.from_dict(api.document())
SCHEMA.app = answered_to_somebody
SCHEMA.config.seed = 20260110
# Text with NUL is refused everywhere, which would have to be said of each single text; tests/http sends it.
SCHEMA.config.generation.allow_x00 = False
# JSON Schema has no word for "from 1900 to 2199", which is what instants are here.
INSTANTS = st.integers(int(EARLIEST.timestamp()), int(LATEST.timestamp()) - 1).map(
    lambda s: datetime.fromtimestamp(s, UTC)
)
schemathesis.openapi.format("date-time", INSTANTS.map(datetime.isoformat))


@schemathesis.check
def code_is_documented(context: CheckContext, response: Response, case: "Case[Any]") -> None:
    """A refusal's code is one of those that the document gives for the status; other verbs (405) it does not know."""
    if response.status_code >= 400 and response.status_code != 405:
        code = json.loads(response.content)["code"]
        answers = case.operation.definition.raw["responses"]
        described = answers.get(str(response.status_code), {"description": ""})["description"]
        assert f"`{code}`" in described, f"{response.status_code} {code} is not documented"


@SCHEMA.hook
def filter_failure(context: HookContext, failure: Failure, case: "Case[Any]", response: Response) -> bool:
    """Whether it is a failure indeed. Rules that JSON Schema cannot say refuse what it allows, with codes of their own.

    The code `invalid` says that the form is wrong, and that the document has to say too; but that 1.0 is an integer
    is JSON Schema's opinion and not ours.
    """
    if not isinstance(failure, RejectedPositiveData):
        return True
    problem = json.loads(response.content)
    return problem["code"] == "invalid" and any(
        fault["detail"] != "should be a valid integer" for fault in problem["errors"]
    )


@pytest.fixture(autouse=True)
def connection_stays_open() -> Iterator[None]:
    """Requests leave the test's connection alone, as those of Django's own test client do."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@SCHEMA.parametrize()
@settings(max_examples=8, suppress_health_check=list(HealthCheck), deadline=None, database=None)
def test_every_operation_keeps_its_word(case: "Case[Any]", world: World) -> None:
    limits.forget_everyone()
    address_what_there_is(case, world)
    with transaction.atomic():
        shown = app_token(world) if {"AppToken": []} in case.operation.definition.raw["security"] else world.secret
        case.call_and_validate(headers={"Authorization": f"Bearer {shown}"})
        transaction.set_rollback(True)


def app_token(world: World) -> str:
    """What an app is given for Ada, who proves her address."""
    browser = Browser(world.club, Surface.APP)
    given = app_tokens.sign_in(
        organization=world.club,
        proven=browser.prove(world.ada.emails.get().address),
        audience="com.club.app",
        device="",
        client_address=browser.client_address,
    )
    return given.access_token


def address_what_there_is(case: "Case[Any]", world: World) -> None:
    """In three of four cases, put records that there are in the place of made-up ids."""
    if crc32(repr((case.path_parameters, case.query, case.body)).encode()) % 4 == 0:
        return
    names = world.addresses
    parts = case.path.split("/")
    for before, part in pairwise(parts):
        if part.startswith("{") and case.path_parameters:
            case.path_parameters[part.strip("{}")] = names[before]
    for place in (case.body, case.query):
        if isinstance(place, dict):
            given = [name for name, value in place.items() if isinstance(value, str)]
            place.update({name: names[name] for name in given if name in names})
