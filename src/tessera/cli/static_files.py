"""Static files as they are served: compressed, and under names that change with what is in them, so kept for ever.

They are made once for each version of the program, in `TESSERA_HOME/static`, by whoever serves first.
"""

import hashlib
import logging
import multiprocessing
import os
import shutil
from operator import itemgetter
from pathlib import Path
from typing import Final

_MANIFEST: Final = "staticfiles.json"
_STORAGE: Final = "tessera.cli.stylesheets.JoinedStorage"
_MADE_BY: Final = Path(__file__).with_name("stylesheets.py")
_KEPT: Final = 2  # this version's, and the one that may still be running elsewhere

# What packages bring and no page of ours asks for: most of the work of compressing.
_LEFT_OUT: Final = ("htmax*", "htmx-4*", "htmx-2.js", "ext")

log = logging.getLogger(__name__)


def prepare() -> None:
    """Have this process, and those forked off it, serve the files made ready for it. After `project.start()`.

    Where they cannot be made, it says so and serves the files as they are: larger, but the same.
    """
    from django.conf import settings

    root = Path(settings.HOME) / "static" / _digest()
    if not (root / _MANIFEST).is_file():
        made = multiprocessing.get_context("fork").Process(target=_make, args=(root,))
        made.start()
        made.join()
        if made.exitcode != 0 or not (root / _MANIFEST).is_file():
            log.warning("static files are served uncompressed: they could not be made ready in %s", root)
            return
    _serve_from(root)
    _remove_older(root)


def _digest() -> str:
    """What the files are, without reading them all: names, sizes and times; those of what makes them ready, too."""
    from django.contrib.staticfiles.finders import get_finders

    files = [
        (path, storage.path(path))
        for finder in get_finders()
        for path, storage in sorted(finder.list([]), key=itemgetter(0))
    ]
    found = hashlib.sha256()
    for name, path in [("", _MADE_BY), *files]:
        status = Path(path).stat()
        found.update(f"{name}|{status.st_size}|{status.st_mtime_ns}\n".encode())
    return found.hexdigest()[:16]


def _serve_from(root: Path) -> None:
    from django.conf import settings

    settings.STATIC_ROOT = str(root)
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": _STORAGE}}


def _make(root: Path) -> None:
    """Make them beside their place, then put them there at once: whoever comes second finds them."""
    from django.core.management import call_command

    unfinished = root.with_name(f".{root.name}-{os.getpid()}")
    _serve_from(unfinished)
    try:
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=list(_LEFT_OUT))
        unfinished.rename(root)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _remove_older(root: Path) -> None:
    others = [each for each in root.parent.iterdir() if each.is_dir() and each != root]
    for each in sorted(others, key=lambda each: each.stat().st_mtime, reverse=True)[_KEPT - 1 :]:
        shutil.rmtree(each, ignore_errors=True)
