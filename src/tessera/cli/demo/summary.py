"""What the demo says when it is ready: where to look, how to sign in, what to try."""

import json
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from tessera.cli.demo.club import PASSWORD, STAFF
from tessera.cli.demo.home import Home, Keys

_QUIET = "bright_black"
_LABEL_WIDTH = 16
_MARGIN = "  "
_QUIETLY = ("  on another site: where people join", _QUIET)


def show(
    console: Console,
    *,
    address: str,
    receiver: str,
    website: str,
    visitors: Sequence[str],
    home: Home,
    keys: Keys | None,
    facts: str,
    member: str,
) -> None:
    """Print the summary. Lines are never broken, and the three commands stand flush left: both can be copied.

    `member` is the number of somebody who may come in; `visitors` can sign in to the club's website.
    """
    lines = [
        Text(),
        Text.assemble(_MARGIN, ("Strand House", "bold"), f"  {facts}"),
        Text(),
        _line("Console", Text(f"{address}/console/", style="bold")),
        *([_line("Its own website", Text.assemble((website, "bold"), _QUIETLY))] if website else []),
        _line("API reference", Text(f"{address}/api/v1/docs")),
        _line("Mailbox", Text.assemble(f"{address}/mailbox/", ("  what members are mailed", _QUIET))),
        _line("Webhooks", Text.assemble(receiver, ("  another program, which hears what you do", _QUIET))),
        Text(),
        *(_line(role.label, Text.assemble(email, (f"  {name}", _QUIET))) for role, name, email in STAFF),
        *(_line("Of the website", Text(email)) for email in visitors if website),
        _line("Password", Text.assemble((PASSWORD, "bold"), ("  for each of them", _QUIET))),
        Text(),
    ]
    if keys is not None:
        lines += [
            _line("API key", Text.assemble(keys.key, ("  of Strand House", _QUIET))),
            _line("API key", Text.assemble(keys.lab_key, ("  of Strand House Lab, whose clock you can move", _QUIET))),
            Text(),
            Text(f"{_MARGIN}Try:", style=_QUIET),
            *(Text(command) for command in _commands(address, keys.key, member)),
            Text(),
        ]
    lines += [
        Text(f"{_MARGIN}Made-up people, known passwords: for this machine only. It is all in {home.folder}.", _QUIET),
        Text(f"{_MARGIN}Ctrl-C stops it; --fresh makes it anew.", _QUIET),
        Text(),
    ]
    for line in lines:
        console.print(line, soft_wrap=True)


def _line(label: str, value: Text) -> Text:
    return Text.assemble(_MARGIN, (label.ljust(_LABEL_WIDTH), _QUIET), "  ", value)


def _commands(address: str, key: str, member: str) -> tuple[str, ...]:
    bearer = f"-H 'Authorization: Bearer {key}'"
    question = json.dumps(
        {
            "subject": {"type": "customer", "id": member},
            "action": {"name": "enter"},
            "resource": {"type": "door", "id": "main"},
        }
    )
    return (
        f"curl -s {bearer} '{address}/api/v1/customers?q=okafor&limit=3'",
        f"curl -s {bearer} {address}/api/v1/customers/{member}/memberships",
        f"curl -s {bearer} -H 'Content-Type: application/json' {address}/access/v1/evaluation -d '{question}'",
    )
