"""What a demo or a developer's installation sends, shown instead of sent. There is no such page anywhere else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, Final, ParamSpec
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from tessera.http import mailbox
from tessera.http.mailbox import Received

P = ParamSpec("P")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_VIEWS: Final = ("html", "text", "source")
# A link in a mail opens a page of its own; nothing in it runs, is fetched or is sent.
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A mail as the page shows it. The time is this machine's: whoever reads the page is at it."""

    mail: Received

    @property
    def sent(self) -> str:
        return f"{self.mail.at.astimezone():%-d %b, %H:%M}"

    @property
    def language(self) -> str:
        """The name of the language the mail says it is in; empty if it says none."""
        said = next((value for name, value in self.mail.headers if name.lower() == "content-language"), "")
        try:
            return Locale.parse(said, sep="-").get_language_name("en") or ""
        except (ValueError, UnknownLocaleError):
            return ""

    @property
    def sender(self) -> str:
        """The name it comes from, without the address."""
        return self.mail.sender.partition("<")[0].strip(' "') or self.mail.sender


def only_here(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Let a view answer only where mail goes into the mailbox and nobody but this machine's user can look: else 404."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        here = settings.DEMO or urlsplit(settings.BASE_URL).hostname in _LOOPBACK
        if not (here and mailbox.in_use()):
            raise Http404
        answer = view(request, *args, **kwargs)
        add_never_cache_headers(answer)
        return answer

    return guarded


@only_here
@require_safe
def inbox(request: HttpRequest, mail: str = "") -> HttpResponse:
    """The newest mails and one of them: the one in the address, or else the newest."""
    mails = _newest()
    chosen = _read(mail) if mail else next(iter(mails), None)
    show = request.GET.get("show", "")
    context = {
        **_list(mails, chosen),
        "chosen": chosen,
        "is_chosen": bool(mail),
        "show": show if show in _VIEWS else "html" if chosen and chosen.mail.html else "text",
    }
    return render(request, "notices/pages/mailbox.html", context)


@only_here
@require_safe
def news(request: HttpRequest) -> HttpResponse:
    """The list again, if there is anything in it that whoever asks has not seen; else nothing (204)."""
    mails = _newest()
    if request.GET.get("newest", "") == _newest_id(mails):
        return HttpResponse(status=204)
    open_id = request.GET.get("open", "")
    chosen = next((each for each in mails if each.mail.id == open_id), None)
    return render(request, "notices/pages/_mails.html", _list(mails, chosen))


@only_here
@xframe_options_sameorigin
@require_safe
def html_part(request: HttpRequest, mail: str) -> HttpResponse:
    """The HTML of a mail, to be framed: as it would be read, but kept from doing anything."""
    html = _read(mail).mail.html.replace("<head>", '<head><base target="_blank">', 1)
    return HttpResponse(html, headers={"Content-Security-Policy": _POLICY})


def _newest() -> list[Shown]:
    return [Shown(each) for each in mailbox.read_mailbox(settings.HOME)]


def _read(key: str) -> Shown:
    found = mailbox.read_message(settings.HOME, key)
    if found is None:
        raise Http404
    return Shown(found)


def _list(mails: Sequence[Shown], chosen: Shown | None) -> dict[str, object]:
    return {
        "mails": mails,
        "newest": _newest_id(mails),
        "open_id": chosen.mail.id if chosen else "",
    }


def _newest_id(mails: Sequence[Shown]) -> str:
    return mails[0].mail.id if mails else ""
