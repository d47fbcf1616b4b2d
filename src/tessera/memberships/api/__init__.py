"""Memberships over HTTP: one verb of the services or one read of the queries each."""

from ninja import Router

from tessera.memberships.api import companies, records, verbs

router = Router()
for part in (records, verbs, companies):
    router.add_router("", part.router)
