"""The API's own description of itself is complete, and a page that people can read."""

from typing import Any

import pytest
from django.test import Client

from tessera.config.api import api
from tessera.http import reference
from tessera.identity import urls as identity
from tests import make
from tests.http import sample

VERBS = {"get", "post", "put", "patch", "delete"}


def operations(below: str = "/") -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (verb, path, operation)
        for path, verbs in api.document()["paths"].items()
        for verb, operation in verbs.items()
        if path.startswith(below)
    ]


def test_every_operation_of_keys_needs_a_scope_and_says_so() -> None:
    for verb, path, operation in operations("/api/v1/"):
        assert operation["security"] and operation["security"][0]["ApiKey"], f"{verb} {path}"


@pytest.mark.django_db
def test_what_apps_call_is_described_as_it_is_answered() -> None:
    described = {(verb, path) for verb, path, _ in operations("/identity/")}
    answered = {str(each.pattern) for each in identity.urlpatterns} - {".well-known/jwks.json"}

    assert {f"/{each.replace('<slug:slug>', '{organization}')}" for each in answered} == {path for _, path in described}
    for verb, path, operation in operations("/identity/"):
        answer = Client().generic("DELETE", path.replace("{organization}", make.organization().slug))
        assert (answer.status_code, answer["Allow"]) == (405, f"{verb.upper()}, OPTIONS")
        assert operation["security"] == ([{"AppToken": []}] if path.endswith("/me") else []), f"{verb} {path}"
        assert operation["parameters"][0]["in"] == "path"
    assert len(operations()) == len(operations("/api/v1/")) + len(described)


def test_every_refusal_is_documented_as_a_problem() -> None:
    for verb, path, operation in operations():
        answers = operation["responses"]
        by_key = path.startswith("/api/")
        assert {"403", "429", "500"} <= answers.keys(), f"{verb} {path}"
        assert not by_key or {"400", "401", "422"} <= answers.keys(), f"{verb} {path}"
        for status, answer in answers.items():
            kinds = set(answer.get("content", {}))
            if int(status) >= 400:
                assert kinds == {"application/problem+json"}, f"{verb} {path} {status}"
                assert "`" in answer["description"], f"{verb} {path} {status}"
            else:
                assert kinds <= {"application/json"}
        if "requestBody" in operation:
            assert {"413", "415"} <= answers.keys()
        if verb == "post" and by_key:
            assert "409" in answers
            assert any(each["name"] == "Idempotency-Key" for each in operation["parameters"])


def test_operations_have_names_of_their_own_and_a_summary() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]

    assert len(names) == len(set(names))
    assert all(operation["summary"] for _, _, operation in operations())


def test_each_address_is_served_by_one_router() -> None:
    paths = [path for bound in api._get_bound_routers() for path in bound.path_operations]
    twice = {path for path in paths if paths.count(path) > 1}

    assert not twice, "defined by two routers: the verbs of the second are never asked"


def test_every_reference_in_the_document_leads_somewhere() -> None:
    document = api.document()

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            if isinstance(name := part.get("$ref"), str):
                target: Any = document
                for step in name.removeprefix("#/").split("/"):
                    assert step in target, name
                    target = target[step]
            for each in part.values():
                walk(each)
        elif isinstance(part, list):
            for each in part:
                walk(each)

    walk(document)


def test_the_document_is_served_without_a_key(client: Client) -> None:
    answer = client.get("/api/v1/openapi.json")

    assert (answer.status_code, answer.json()["openapi"]) == (200, "3.1.0")


def test_the_reference_page_shows_every_operation_without_a_script(client: Client) -> None:
    page = client.get("/api/v1/docs")
    text = page.content.decode()

    assert page.status_code == 200
    assert "<script" not in text
    assert "style=" not in text
    assert "//cdn" not in text
    for _, path, operation in operations():
        assert f'id="{operation["operationId"]}"' in text
        assert path.rsplit("/", 1)[-1] in text


@pytest.mark.urls("tests.http.sample")
def test_the_api_is_described_once_however_many_ask(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first = {path: client.get(path).content for path in ("/api/v1/openapi.json", "/api/v1/docs")}

    def again(*_: object) -> None:
        raise AssertionError("described a second time")

    monkeypatch.setattr(sample.api, "document", again)
    monkeypatch.setattr(reference, "page", again)

    for path, content in first.items():
        answer = client.get(path)
        assert (answer.status_code, answer.content) == (200, content)


def test_a_fault_of_ours_is_documented_under_its_code_and_explained(client: Client) -> None:
    text = client.get("/api/v1/docs").content.decode()

    assert all("`internal_error`" in operation["responses"]["500"]["description"] for _, _, operation in operations())
    assert 'id="internal_error"' in text
    assert 'id="error"' not in text
