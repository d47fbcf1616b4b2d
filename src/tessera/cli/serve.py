"""`tessera serve`: a whole installation, the web server and a worker."""

import os
import socket
import sys
from contextlib import closing

import click

from tessera.cli import Refused, project, static_files
from tessera.cli.supervising import Part, supervise

_STOP_SECONDS = 10


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--no-worker", is_flag=True, help="Only the web server: workers run apart (`tessera worker`).")
@click.option("--quiet", is_flag=True, hidden=True)
def command(host: str, port: int, no_worker: bool, quiet: bool) -> None:
    """Serve the console and the API until told to stop (SIGTERM, Ctrl-C), with a worker for what follows.

    Refuses to start on a database that is not of this version. Either process is started again if it dies.
    """
    settle_address(host, port)
    if not no_worker:
        refuse_taken(host, port)  # whoever listens there would be taken for the web server
        sys.exit(supervise(parts(host, port, quiet=quiet)))
    project.start()
    run(host, port, quiet=quiet)


def parts(host: str, port: int, *, quiet: bool = False) -> list[Part]:
    """Return what a whole installation consists of: the web server and a worker."""
    serving = ["serve", "--no-worker", "--host", host, "--port", str(port), *(["--quiet"] if quiet else [])]
    return [
        Part("web server", serving, works=lambda: is_listened_on(host, port)),
        Part("worker", ["worker"], needed=False),
    ]


def is_listened_on(host: str, port: int) -> bool:
    """Whether somebody takes connections there."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (read, not bound)
    try:
        with socket.create_connection((reached, port), timeout=0.2):
            return True
    except OSError:
        return False


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
    static_files.prepare()
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
