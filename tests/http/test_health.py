"""What a supervisor asks, and where everybody else is led."""

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client


def test_the_process_answers_without_the_database(client: Client) -> None:
    answer = client.get("/livez")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_it_is_ready_when_every_migration_is_there(client: Client) -> None:
    assert client.get("/readyz").json() == {"status": "ok", "database": "reachable"}


@pytest.mark.django_db
def test_it_is_not_ready_while_a_migration_is_missing(client: Client) -> None:
    MigrationRecorder.Migration.objects.filter(app="http").delete()
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert "http.0001_initial" in answer.json()["missing_migrations"]


def test_the_front_door_is_the_console(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/console/"


@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v2/x", "/access/nothing", "/.well-known/nothing"])
def test_programs_never_get_html(client: Client, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
