"""`tessera receiver`: a receiver of webhooks for this machine, to look at what arrives."""

import sys
from pathlib import Path

import click


@click.command("receiver")
@click.option("--port", type=click.IntRange(1, 65535), default=8002, show_default=True)
@click.option(
    "--secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the endpoint's secret, whsec_…  [else asked for]",
)
def command(port: int, secret_file: Path | None) -> None:
    """Receive webhooks on 127.0.0.1, verify their signatures, and show them on a page. For development.

    The server must be allowed to reach it: TESSERA_OUTBOUND_ALLOWED=127.0.0.1:PORT
    """
    from tessera.cli.receiver.inbox import Inbox
    from tessera.cli.receiver.server import Receiver
    from tessera.cli.serve import refuse_taken

    text = secret_file.read_text(encoding="utf-8") if secret_file else click.prompt("Secret", hide_input=True)
    try:
        inbox = Inbox(str(text).strip())
    except ValueError as reason:
        raise click.UsageError(
            "the secret should be whsec_ and base 64, as shown when the endpoint was made"
        ) from reason
    refuse_taken("127.0.0.1", port)
    receiver = Receiver("127.0.0.1", port, inbox)
    if sys.stdout.isatty():
        click.echo(f"Send webhooks to {receiver.address}; look at http://127.0.0.1:{port}/ (Ctrl-C stops it)")
    try:
        receiver.serve_forever()
    except KeyboardInterrupt:
        receiver.server_close()
