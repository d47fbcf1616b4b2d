"""The suite keeps to itself: its own server, its own settings, nothing beyond this machine."""

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests import postgres
from tests.plugin import OutsideNetwork


@pytest.mark.parametrize("host", ["192.0.2.1", "club.example.org"])
def test_a_test_that_calls_the_outside_is_told_so(host: str) -> None:
    with pytest.raises(OutsideNetwork, match=host):
        socket.create_connection((host, 443), timeout=1)


def test_a_test_may_call_a_server_on_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()


def test_an_operators_settings_do_not_reach_the_suite() -> None:
    assert "TESSERA_SECRET_KEY" in os.environ
    assert Path(os.environ["TESSERA_HOME"]).name.startswith("tessera-tests-")


def test_a_server_of_its_own_starts_beside_others_and_goes_away() -> None:
    with postgres.running(durable=True) as server, psycopg.connect(server.url) as connection:
        (fsync,) = connection.execute("SHOW fsync").fetchone() or ("",)
        (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
        (upper,) = connection.execute("SELECT upper('é')").fetchone() or ("",)

    assert (fsync, upper) == ("on", "É")
    port = urlsplit(server.url).port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port or 0), timeout=1)
    assert not Path(folder).parent.exists()
