from django.db import models
from django.db.models import Q

from tessera.core.ids import new_id
from tessera.db.sealed_columns import SealedColumn, declare


class SigningKey(models.Model):
    """A pair of keys with which the installation signs tokens (Ed25519). All its instants are real time.

    Whether it is to come, signs, or is only kept published follows from its instants and those of the next one
    (`signing_keys.py`).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.PositiveIntegerField(unique=True)  # 1, 2, 3, …: of two that are made at once there is one
    kid = models.CharField(max_length=64, unique=True)  # the thumbprint of its public part (RFC 7638)
    public = models.CharField(max_length=64)  # `x` of its JWK (RFC 8037)
    private = models.TextField(blank=True)  # sealed; empty once it signs no more
    created_at = models.DateTimeField()  # published from then on
    signs_from = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="signing_key_revoked_has_no_private", condition=Q(revoked_at=None) | Q(private="")
            ),
            models.CheckConstraint(
                name="signing_key_published_before_it_signs", condition=Q(signs_from__gte=models.F("created_at"))
            ),
        ]

    def __str__(self) -> str:
        return self.kid


def private_sealed_for(row: SigningKey) -> str:
    """Return what the private part of a row is bound to. It is the installation's, and of no organization."""
    return f"installation/{SigningKey._meta.db_table}/{row.pk}"


declare(SealedColumn(SigningKey, "private", private_sealed_for, reads=()))
