"""The API's own description of itself is complete, and a page that people can read."""

from typing import Any

from django.test import Client

from tessera.config.api import api

VERBS = {"get", "post", "put", "patch", "delete"}


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (verb, path, operation) for path, verbs in api.document()["paths"].items() for verb, operation in verbs.items()
    ]


def test_every_operation_needs_a_scope_and_says_so() -> None:
    for verb, path, operation in operations():
        assert operation["security"] and operation["security"][0]["ApiKey"], f"{verb} {path}"


def test_every_refusal_is_documented_as_a_problem() -> None:
    for verb, path, operation in operations():
        answers = operation["responses"]
        assert {"400", "401", "403", "422", "429"} <= answers.keys(), f"{verb} {path}"
        for status, answer in answers.items():
            kinds = set(answer.get("content", {}))
            if int(status) >= 400:
                assert kinds == {"application/problem+json"}, f"{verb} {path} {status}"
                assert "`" in answer["description"], f"{verb} {path} {status}"
            else:
                assert kinds <= {"application/json"}
        if "requestBody" in operation:
            assert {"413", "415"} <= answers.keys()
        if verb == "post":
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
