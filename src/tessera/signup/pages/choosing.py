"""The page that shows the plans of the public catalogue, to choose one."""

from django.http import HttpResponse

from tessera.signup.pages import plans, presenting
from tessera.signup.pages.plans import Found
from tessera.signup.pages.visit import Visit, again, page


def chooser(visit: Visit) -> HttpResponse:
    """Show what can be joined, or say that nothing can."""
    if visit.request.method == "POST" and visit.request.POST.get("do") == "leave":
        visit.sign_out()
        if not visit.framed:
            return again(visit, visit.address("chooser"))
    closed = visit.settings.closed
    found: list[Found] = [] if closed else plans.public(visit.organization)
    heading, text = presenting.refusal("closed", "", visit.settings.closed_sentence) if closed else ("", "")
    return page(
        visit,
        "signup/chooser.html",
        plans=plans.shown(visit, found),
        heading=heading,
        text=text,
        step="plans",
        action=visit.address("chooser"),
    )
