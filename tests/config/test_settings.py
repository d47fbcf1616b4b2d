"""Settings come from the environment or from files it names; wrong ones are refused in one list."""

from pathlib import Path

import pytest

from tessera.config.env import WrongSettings, read

KEY = {"TESSERA_SECRET_KEY": "k" * 50}


def faults(environ: dict[str, str]) -> str:
    with pytest.raises(WrongSettings) as refused:
        read(environ)
    return str(refused.value)


def test_a_secret_key_is_enough() -> None:
    settings = read({**KEY, "PATH": "/usr/bin", "TESSERA_TEST_SCALE": "1"})

    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.home == Path("var")
    assert not settings.demo


def test_a_setting_may_stand_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://club:s%40fe@db.example:5432/tessera\n")

    assert read({**KEY, "TESSERA_DATABASE_URL_FILE": str(secret)}).database_url.endswith("@db.example:5432/tessera")


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    said = faults(
        {
            "TESSERA_SECRET_KEY_FILE": str(tmp_path / "nowhere"),
            "TESSERA_DATABASE_URL": "mysql://db",
            "TESSERA_BASE_URL": "members.example.org/club",
            "TESSERA_THREADS": "0",
            "TESSERA_LOG_LEVEL": "LOUD",
            "TESSERA_SECERT": "a typing mistake",
        }
    )

    for variable in ("SECRET_KEY_FILE", "DATABASE_URL", "BASE_URL", "THREADS", "LOG_LEVEL", "SECERT"):
        assert f"TESSERA_{variable}" in said


def test_a_setting_is_made_once(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("f" * 60)

    said = faults({**KEY, "TESSERA_SECRET_KEY_FILE": str(tmp_path / "key")})

    assert "TESSERA_SECRET_KEY_FILE: is set a second time" in said


def test_a_value_that_is_wrong_is_not_repeated() -> None:
    assert "hunter2" not in faults({**KEY, "TESSERA_DATABASE_URL": "mysql://root:hunter2@db"})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://club:hunter2/x@db.example:5432/tessera",
        "postgresql://club:12345/hunter2@db.example/tessera",
        "postgresql://club:a?hunter2@db.example/tessera",
        "postgresql://club:hunter2@db.example:port/tessera",
        "postgresql://club:hunter2[@db.example/tessera",
        "postgresql://club:hunter2℀@db.example/tessera",
        "postgresql://club:hunter2@db.example:99999/tessera",
    ],
)
def test_an_address_that_a_password_breaks_is_refused_without_showing_it(url: str) -> None:
    said = faults({**KEY, "TESSERA_DATABASE_URL": url})

    assert "TESSERA_DATABASE_URL: should be" in said
    assert "percent-encode" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://club:hunter2%2Fx%40y@db.example:5432/tessera?sslmode=require",
        "postgresql:///tessera",
        "postgresql://[::1]:5432/tessera",
        "sqlite:////var/lib/tessera/club@home.sqlite3",
    ],
)
def test_an_address_that_is_encoded_is_taken_as_it_is(url: str) -> None:
    assert read({**KEY, "TESSERA_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize("address", ["https://members.example.org", "http://192.168.1.7:8000"])
def test_a_demo_is_not_for_the_open_internet(address: str) -> None:
    assert "TESSERA_DEMO" in faults({**KEY, "TESSERA_DEMO": "true", "TESSERA_BASE_URL": address})


@pytest.mark.parametrize("variable", ["TESSERA_TRUSTED_PROXIES", "TESSERA_OUTBOUND_ALLOWED"])
def test_a_list_of_networks_is_read_at_the_start(variable: str) -> None:
    listed = "10.1.0.0/16, fd00::1"
    assert getattr(read({**KEY, variable: listed}), variable.removeprefix("TESSERA_").lower()) == listed

    said = faults({**KEY, variable: "10.1.0.0/16, intranet.example, 10.1.0.5/16"})

    assert f"{variable}: 'intranet.example', '10.1.0.5/16': an entry is like" in said
