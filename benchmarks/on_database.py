"""All measurements on one database, in a process of its own: prints each result as a line of JSON on stdout.

The database is the one that `TESSERA_DATABASE_URL` names; it must be empty.
"""

import argparse
import os
import sys

import django


def main() -> int:
    """Make the schema and a club, and measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("database", choices=("sqlite", "postgresql"))
    parser.add_argument("--small", type=int, required=True)
    parser.add_argument("--large", type=int, required=True)
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--ending", type=int, required=True)
    parser.add_argument("--customers", type=int, required=True)
    parser.add_argument("--lists-only", action="store_true")
    wanted = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tessera.config.settings")
    django.setup()

    from django.core.management import call_command

    from benchmarks import announcing, crowd, decisions, granting, importing, jobs, lists, midnight, over_http, signing
    from tessera.db import health

    call_command("migrate", verbosity=0)
    health.analyze()  # as `tessera migrate` does: a table that SQLite rebuilds for a migration has lost its statistics
    club = None if wanted.lists_only else crowd.found()
    of_lists = lists.measure(wanted.database, customers=wanted.customers)
    for results in (
        (of_lists,)
        if wanted.lists_only
        else (
            decisions.measure(wanted.database, club, small=wanted.small, large=wanted.large),
            granting.measure(wanted.database, club, few=10, many=wanted.people),
            announcing.measure(wanted.database, many=wanted.ending),
            signing.measure(wanted.database, club),
            over_http.measure(wanted.database, club),
            importing.measure(wanted.database, many=wanted.people),
            jobs.measure(wanted.database),
            midnight.measure(wanted.database, club, many=wanted.ending),
            of_lists,
        )
    ):
        for result in results:
            sys.stdout.write(result.line() + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
