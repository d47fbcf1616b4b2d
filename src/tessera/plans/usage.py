"""Whether anybody has, had, or is about to have a plan or price."""

from django.db.models import ManyToOneRel

from tessera.plans.models import Plan, Price


def is_held(row: Plan | Price) -> bool:
    """Whether a row of another package refers to `row`: a term, a membership waiting for it, whatever comes to be.

    Asks the models who refers to the catalogue, so that it need not know those above it. One indexed read for each
    kind of reference.
    """
    return any(
        relation.related_model._base_manager.filter(**{relation.field.name: row.pk}).exists()
        for relation in row._meta.get_fields(include_hidden=True)
        if isinstance(relation, ManyToOneRel) and relation.related_model._meta.app_label != row._meta.app_label
    )
