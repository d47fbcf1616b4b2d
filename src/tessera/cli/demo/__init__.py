"""`tessera demo`: a believable club, made and served on this machine."""

import multiprocessing
import os
import sys
from pathlib import Path

import click

from tessera.cli import Refused, project, serve
from tessera.cli.demo.home import DEFAULT, Home, Keys, receiver_port, website_port
from tessera.cli.supervising import supervise
from tessera.core.errors import Conflict


class NotADemo(Conflict):
    """The database belongs to a real installation: no made-up people are put there."""

    code = "not_a_demo"


@click.command("demo")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--fresh", is_flag=True, help="Throw the demo's database away first and make it anew.")
@click.option("--home", "folder", type=click.Path(file_okay=False, path_type=Path), help="Where it lives.  [var/demo]")
@click.option("--no-serve", is_flag=True, help="Only make it.")
def command(port: int, fresh: bool, folder: Path | None, no_serve: bool) -> None:
    """Make "Strand House", a club with two thousand made-up people, and serve it on 127.0.0.1.

    The first run takes some seconds; the next ones find it made.
    """
    if not no_serve:
        serve.refuse_taken("127.0.0.1", port)
        serve.refuse_taken("127.0.0.1", website_port(port))
        serve.refuse_taken("127.0.0.1", receiver_port(port))
    home = Home.made(folder or Path(os.environ.get("TESSERA_HOME", DEFAULT)))
    if fresh:
        if "TESSERA_DATABASE_URL" in os.environ or "TESSERA_DATABASE_URL_FILE" in os.environ:
            raise click.UsageError("--fresh throws away only the demo's own file: unset TESSERA_DATABASE_URL")
        if not home.may_be_cleared:
            raise NotADemo(f"the database in {home.folder} is not known to be a demo's: remove it yourself")
        home.clear()
    settings = home.settings(port)
    for name in settings:
        os.environ.pop(f"{name}_FILE", None)
    os.environ.update(settings)
    project.start()
    from rich.console import Console

    from tessera.db import health

    console = Console(highlight=False)
    if not _is_made():
        with console.status("Making Strand House: a year of history, 2,000 people …"):
            _in_another_process(home)
    from tessera.cli.demo import summary, telling, website

    others = [telling.receiver(home, port), website.website(home, port)]
    summary.show(
        console,
        address=f"http://127.0.0.1:{port}",
        receiver=f"http://127.0.0.1:{receiver_port(port)}/",
        website=f"http://localhost:{website_port(port)}/" if others[-1] is not None else "",
        visitors=website.accounts(home),
        home=home,
        keys=home.keys(),
        facts=_facts(),
        member=_somebody_let_in(),
    )
    health.release()
    if not no_serve:
        sys.exit(supervise([*serve.parts("127.0.0.1", port, quiet=True), *filter(None, others)]))


def _is_made() -> bool:
    """Whether the database has every migration and the demo. Raises NotADemo, SchemaAhead."""
    from tessera.config import boot
    from tessera.db import health
    from tessera.organizations.models import Organization

    schema = health.schema()
    if schema.unknown:
        boot.refuse_wrong_schema()
    if schema.missing:
        return False
    if boot.is_demo():
        return True
    if Organization.objects.exists():
        raise NotADemo("this database belongs to a real installation: give the demo a folder of its own, --home")
    return False


def _in_another_process(home: Home) -> None:
    """Make the demo in a process of its own: what that takes of memory is gone when the server starts."""
    from tessera.db import health

    health.release()
    child = multiprocessing.get_context("fork").Process(target=_make, args=(home,))
    child.start()
    child.join()
    if child.exitcode != 0:
        raise Refused("error: the demo could not be made; see above [demo_not_made]")


def _make(home: Home) -> None:
    from tessera import db
    from tessera.cli import migrate
    from tessera.cli.demo import seeding
    from tessera.core import clock
    from tessera.core.local_time import zone_named
    from tessera.db import health

    migrate.run()
    if _is_made():
        return
    today = clock.now().astimezone(zone_named("Europe/London")).date()
    made = db.retrying_deadlocks(lambda: seeding.seed(today=today))
    home.keep(Keys(made.key, made.lab_key))
    health.analyze()


def _somebody_let_in() -> str:
    """The number of the first of the earliest customers who may come in now, through a company if there is one."""
    from tessera import organizations
    from tessera.access.engine import decide
    from tessera.access.types import Source
    from tessera.cli.demo.club import SLUG
    from tessera.organizations.models import Organization
    from tessera.people.models import Customer

    club = Organization.objects.get(slug=SLUG)
    at = organizations.now(club)
    found = ""
    for key, number in Customer.objects.filter(organization=club).order_by("number").values_list("pk", "number")[:100]:
        decision = decide(organization_id=club.pk, customer_id=key, asked="house", at=at)
        if decision.allow and decision.source is Source.COMPANY:
            return number
        found = found or (number if decision.allow else "")
    return found or "CUS-000001"


def _facts() -> str:
    from tessera.cli.demo.club import SLUG
    from tessera.memberships.models import Membership
    from tessera.organizations.models import Organization
    from tessera.people.models import Company, Customer
    from tessera.plans.models import Plan

    club = Organization.objects.get(slug=SLUG)
    counts = [
        f"{rows.filter(organization=club).count():,} {what}"
        for rows, what in (
            (Customer.objects, "customers"),
            (Company.objects, "companies"),
            (Plan.objects, "plans"),
            (Membership.objects, "memberships"),
        )
    ]
    return " · ".join(counts)
