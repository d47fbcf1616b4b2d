"""Nobody reaches an operation without a key, without its scope, or with another organization's key.

The cases come from the API's own document, so that a new operation is covered by being there.
"""

import json
from typing import Any

import pytest
from django.test import Client

from tessera.http.scopes import Scope
from tessera.organizations.rights import Role
from tests import make
from tests.api.document import Operation, operations
from tests.api.dump import dump
from tests.api.world import TARGET, World
from tests.files.pictures import picture
from tests.http.client import Answer, Api

EVERY_OPERATION = pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.id)
SCOPES = {operation.id: Scope(operation.scope) for operation in operations()}
ACCESS = ("/access/v1/evaluation", "/access/v1/evaluations")


def called(api: Api, operation: Operation, of: World) -> Answer:
    """Call the operation with all it can name being things of `of`."""
    address = operation.address(of.addresses)
    if operation.takes_picture:
        return api.call(operation.verb, address, raw=picture("PNG", (64, 64)), Content_Type="image/png")
    return api.call(operation.verb, address, operation.payload(of))


@EVERY_OPERATION
def test_without_a_key_nothing_is_done(operation: Operation, world: World) -> None:
    revoked, expired = make.key(world.club, revoked_at=make.JAN_10)[1], make.key(world.club, expires_at=make.JAN_10)[1]
    before = dump()

    secrets = [None, "tk_live_" + "x" * 43, "tk_test_short", revoked, expired]
    answers = [called(Api(secret), operation, world) for secret in secrets]

    codes = ["key_missing", "key_invalid", "key_invalid", "key_revoked", "key_expired"]
    assert [(answer.status, answer.code) for answer in answers] == [(401, code) for code in codes]
    assert all(answer.headers["WWW-Authenticate"].startswith("Bearer") for answer in answers)
    assert dump() == before


@EVERY_OPERATION
def test_without_its_scope_nothing_is_done(operation: Operation, world: World) -> None:
    needed = SCOPES[operation.id]
    _, secret = make.key(world.club, [scope for scope in Scope if scope is not needed])
    before = dump()

    answer = called(Api(secret), operation, world)

    assert (answer.status, answer.code, answer.json["scope"]) == (403, "scope_missing", needed.value)
    assert dump() == before


@EVERY_OPERATION
def test_with_its_scope_alone_it_is_done(operation: Operation, world: World) -> None:
    _, secret = make.key(world.club, [SCOPES[operation.id]])

    answer = called(Api(secret), operation, world)

    # 409: this one has happened already, or cannot happen to somebody who is a member; 422: it would change nothing.
    assert answer.status in (200, 201, 204, 409, 422), answer.text


@EVERY_OPERATION
def test_another_organizations_things_do_not_exist(operation: Operation, world: World, stranger: Api) -> None:
    before = dump(world.club)

    answer = called(stranger, operation, world)

    if operation.names_records(world):
        assert (answer.status, answer.code.rpartition("_")[2]) in ((404, "found"), (422, "unknown"))
    else:
        assert answer.status in (200, 201, 204)
    assert tells_nothing(answer, world)
    assert dump(world.club) == before


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (operation, name)
        for operation in operations()
        for name in sorted(operation.parameters & {"customer", "company", "plan", "membership"})
    ],
    ids=lambda part: getattr(part, "id", part),
)
def test_a_filter_by_another_organizations_things_finds_nothing(
    operation: Operation, name: str, world: World, elsewhere: World, stranger: Api
) -> None:
    answer = stranger.get(f"{operation.address(elsewhere.addresses)}?{name}={world.addresses[name]}")

    assert answer.status == 404 or answer.json["data"] == []
    assert tells_nothing(answer, world)


@pytest.mark.parametrize("path", ACCESS)
def test_questions_of_access_need_a_key_and_its_scope(path: str, world: World) -> None:
    _, other_scopes = make.key(world.club, [scope for scope in Scope if scope is not Scope.ACCESS_READ])
    before = dump()

    statuses = [asked(path, secret, world).status_code for secret in (None, "tk_live_" + "x" * 43, other_scopes)]

    assert statuses == [401, 401, 403]
    assert dump() == before


@pytest.mark.parametrize("path", ACCESS)
def test_another_organizations_members_are_nobody_at_the_door(path: str, world: World, elsewhere: World) -> None:
    before = dump()

    own = asked(path, world.secret, world).json()
    foreign = asked(path, elsewhere.secret, world)

    assert own["decision"] is True
    assert foreign.status_code == 200
    assert (foreign.json()["decision"], foreign.json()["context"]["reason"]) == (False, "customer_unknown")
    assert not set(world.addresses.values()) & set(json.dumps(foreign.json()).split('"'))
    assert dump() == before


def asked(path: str, secret: str | None, of: World) -> Any:
    question = {
        "subject": {"type": "customer", "id": of.addresses["customers"]},
        "action": {"name": TARGET["action"]},
        "resource": {"type": TARGET["resource_type"], "id": TARGET["resource_id"]},
    }
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    return Client().post(path, question, content_type="application/json", headers=headers)


def tells_nothing(answer: Answer, world: World) -> bool:
    """Whether neither an id nor a name of the organization is in the answer. A permission's key is anybody's word."""
    known = {*world.addresses.values(), world.club.name, world.club.slug} - {world.addresses["permissions"]}
    return not any(secret in answer.text for secret in known)


def test_who_may_only_write_may_not_take_a_membership_away(world: World) -> None:
    address = f"/memberships/{world.addresses['memberships']}/revoke"
    desk = Api(make.key(world.club, made_by=make.staff(world.club, Role.FRONT_DESK))[1])
    writer = Api(make.key(world.club, [scope for scope in Scope if scope is not Scope.MEMBERSHIPS_REVOKE])[1])
    before = dump()

    for without in (desk, writer):
        answer = without.post(address)
        assert (answer.status, answer.json["scope"]) == (403, "memberships:revoke")

    assert dump() == before
    assert Api(make.key(world.club, [Scope.MEMBERSHIPS_REVOKE])[1]).post(address).status == 200
