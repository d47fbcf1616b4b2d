"""What a supervisor asks: does the process answer, and could it do its work."""

import logging

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

log = logging.getLogger(__name__)


@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """Answer: the process is there. Asks nobody."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer whether the database can be reached and has every migration; 503 and the reason if not."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        log.warning("the database cannot be reached", exc_info=True)
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    if missing:
        names = [f"{migration.app_label}.{migration.name}" for migration, _ in missing]
        return JsonResponse({"status": "unavailable", "database": "reachable", "missing_migrations": names}, status=503)
    return JsonResponse({"status": "ok", "database": "reachable"})
