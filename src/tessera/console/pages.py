"""Lists in pages: the address of the next one, with what was searched."""

from tessera.console.access import StaffRequest


def next_page(request: StaffRequest, cursor: str | None, *, name: str = "cursor") -> str:
    """Return the address of the page after this one; empty if this is the last."""
    if cursor is None:
        return ""
    given = request.GET.copy()
    given[name] = cursor
    return f"?{given.urlencode()}"
