"""`tessera serve`: the web server."""

import os
import socket
from contextlib import closing

import click

from tessera.cli import Refused, project

_STOP_SECONDS = 10


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
def command(host: str, port: int) -> None:
    """Serve the console and the API until told to stop (SIGTERM, Ctrl-C).

    Refuses to start on a database that is not of this version.
    """
    settle_address(host, port)
    project.start()
    run(host, port)


def settle_address(host: str, port: int) -> None:
    """Take the address listened on for the one people use, unless the operator says otherwise. Before the settings."""
    if "TESSERA_BASE_URL" not in os.environ and "TESSERA_BASE_URL_FILE" not in os.environ:
        shown = host if host in ("127.0.0.1", "localhost") else "127.0.0.1"
        os.environ["TESSERA_BASE_URL"] = f"http://{shown}:{port}"


def run(host: str, port: int, *, quiet: bool = False) -> None:
    """Serve until told to stop. Raises SchemaBehind, SchemaAhead, DemoInTheOpen; Refused if the port is taken."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from tessera.config import boot
    from tessera.config.settings import tessera as settings
    from tessera.db import health

    boot.refuse_wrong_schema()
    boot.refuse_demo_in_the_open(host)
    refuse_taken(host, port)
    # Web processes are forked off this one, which must not hold what they cannot share.
    health.release()
    server = Granian(
        "tessera.config.wsgi:serving",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_SECONDS,
        process_name="tessera",
    )
    if not quiet:
        click.echo(f"Tessera answers at {settings.base_url} (listening on {host}, port {port}; Ctrl-C stops it)")
    server.serve()


def refuse_taken(host: str, port: int) -> None:
    """Raises Refused if somebody listens there. The server shares its port among processes and would not notice."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as reason:
            why = reason.strerror or str(reason)
            raise Refused(f"error: cannot listen on {host}, port {port}: {why}; try --port [port_taken]") from reason
