"""Status as SQL: the twin of `status.py`, for lists and counts. A property test proves that they agree."""

from datetime import datetime

from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Subquery, UUIDField, Value, When
from django.db.models.functions import Coalesce

from tessera.memberships.models import Membership, Pause, Term
from tessera.memberships.types import Status
from tessera.people.affiliations import covering


def with_status(memberships: QuerySet[Membership], at: datetime) -> QuerySet[Membership]:
    """Return the memberships with `status_at` and `in_grace_at`, as they are at `at`.

    In each row it costs at most six look-ups in the indexes of its own terms and pauses.
    """
    terms = Term.objects.filter(membership=OuterRef("pk"))
    covered = Exists(terms.filter(covering(at)))
    begun_inside = Exists(
        Term.objects.filter(membership=OuterRef("membership"), starts_at__lte=OuterRef("starts_at")).filter(
            Q(ends_at=None) | Q(ends_at__gt=OuterRef("starts_at"))
        )
    )
    pauses = Pause.objects.filter(membership=OuterRef("pk")).filter(covering(at))
    paused = Q(Exists(pauses), covered) | Q(Exists(pauses.filter(extends=True).filter(begun_inside)))
    grace = Subquery(terms.filter(ends_at__lte=at).order_by("-ends_at").values("grace_until")[:1])
    in_grace = Q(renews=True, last_grace__gt=at) & ~Q(covered)
    return memberships.annotate(last_grace=grace).annotate(
        status_at=Case(
            When(ended_at__lte=at, then=Value(Status.EXPIRED)),
            When(~Q(Exists(terms)) & Q(pending_until__lte=at), then=Value(Status.EXPIRED)),
            When(~Q(Exists(terms)), then=Value(Status.PENDING)),
            When(paused, then=Value(Status.PAUSED)),
            When(Q(covered) | in_grace, then=Value(Status.ACTIVE)),
            When(Exists(terms.filter(starts_at__gt=at)), then=Value(Status.SCHEDULED)),
            default=Value(Status.EXPIRED),
            output_field=CharField(),
        ),
        in_grace_at=Case(
            When(Q(Q(ended_at=None) | Q(ended_at__gt=at)) & in_grace & ~paused, then=Value(True)),
            default=Value(False),
        ),
    )


def with_plan(memberships: QuerySet[Membership], at: datetime) -> QuerySet[Membership]:
    """Return the memberships with `plan_at`: the key of the plan that each is of at `at` (`status.term_held`)."""
    terms = Term.objects.filter(membership=OuterRef("pk"))
    return memberships.annotate(
        plan_at=Coalesce(
            Subquery(terms.filter(covering(at)).values("plan_id")[:1]),
            Subquery(terms.filter(ends_at__lte=at).order_by("-ends_at").values("plan_id")[:1]),
            Subquery(terms.order_by("starts_at").values("plan_id")[:1]),
            "next_plan_id",
            output_field=UUIDField(),
        )
    )
