"""`tessera openapi`: the document that describes the API, without a server."""

import json
import os
import secrets

import click

from tessera.cli import project


@click.command("openapi")
def command() -> None:
    """Print the API's OpenAPI 3.1 document as JSON. Needs no setting and no database."""
    if not os.environ.keys() & {"TESSERA_SECRET_KEY", "TESSERA_SECRET_KEY_FILE"}:
        os.environ["TESSERA_SECRET_KEY"] = secrets.token_urlsafe(60)  # signs nothing: this process only prints
    project.start()
    from tessera.config.api import api
    from tessera.config.urls import urlpatterns  # the document names operations by their addresses

    assert urlpatterns
    click.echo(json.dumps(api.document(), default=str, indent=2, ensure_ascii=False))
