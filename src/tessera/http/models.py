from django.db import models


class IdempotencyKey(models.Model):
    """That a POST with an `Idempotency-Key` was begun, and how it was answered. Kept 24 hours, in real time."""

    digest = models.CharField(max_length=64, unique=True)  # of API key, method, path and Idempotency-Key
    payload_hash = models.CharField(max_length=64)
    lease = models.UUIDField()  # whose turn it is; only its holder may store the answer
    leased_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)  # null: still running, or its process died
    content_type = models.CharField(max_length=100, blank=True)
    body = models.TextField(blank=True)
    secret = models.BooleanField(default=False)  # the answer held a secret and was not kept
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.digest[:12]
