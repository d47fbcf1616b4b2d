"""What is asked at the access API, in the form of the Authorization API 1.0: checked, defaults filled in."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec

from tessera.access.types import TOKEN, Target
from tessera.core.errors import TesseraError

MOST: Final = 1000  # questions in one request

T = TypeVar("T")


class MalformedEvaluation(TesseraError):
    """The question is not in the form of the Authorization API 1.0. The text says what is wrong with it."""

    code = "malformed_evaluation"
    status = 400


class Semantic(StrEnum):
    """How far the questions of one request are answered."""

    EXECUTE_ALL = "execute_all"
    DENY_ON_FIRST_DENY = "deny_on_first_deny"
    PERMIT_ON_FIRST_PERMIT = "permit_on_first_permit"


class Entity(msgspec.Struct, frozen=True):
    """A subject or resource. Unknown members are ignored; of properties only a token's `audience` has a part."""

    type: str
    id: str
    properties: dict[str, Any] | None = None


class Action(msgspec.Struct, frozen=True):
    """What is to be done."""

    name: str
    properties: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A whole question. Context has no part in a decision."""

    subject: tuple[str, str, str | None]  # type and id; of a token, for whom it has to be
    target: Target


class Evaluation(msgspec.Struct, frozen=True):
    """One question; in a request for several, one that takes what it lacks from the defaults, whole or not at all."""

    subject: Entity | None = None
    action: Action | None = None
    resource: Entity | None = None
    context: dict[str, Any] | None = None

    def question(self, defaults: "Evaluation | None" = None, where: str = "") -> Question:
        """Return the question. Raises MalformedEvaluation if it lacks subject, action or resource, or has odd text."""
        subject = self.subject or (defaults.subject if defaults else None)
        action = self.action or (defaults.action if defaults else None)
        resource = self.resource or (defaults.resource if defaults else None)
        if subject is None or action is None or resource is None:
            parts = (("subject", subject), ("action", action), ("resource", resource))
            missing = [name for name, part in parts if part is None]
            raise MalformedEvaluation(f"{where}{', '.join(missing)} missing: subject, action and resource are required")
        words = (subject.type, subject.id, action.name, resource.type, resource.id)
        if any("\0" in word for word in words):
            raise MalformedEvaluation(f"{where}text must not contain NUL")
        return Question(
            (subject.type, subject.id, _audience(subject, where)), Target(action.name, resource.type, resource.id)
        )


def _audience(subject: Entity, where: str) -> str | None:
    """Return for whom a token has to be. What properties of other subjects say is their own affair."""
    if subject.type != TOKEN or not subject.properties or subject.properties.get("audience") is None:
        return None
    audience = subject.properties["audience"]
    if not isinstance(audience, str):
        raise MalformedEvaluation(f"{where}subject.properties.audience should be text: the token's aud")
    return audience


class Options(msgspec.Struct, frozen=True):
    """How a request for several is to be carried out; unknown options are ignored."""

    evaluations_semantic: Semantic = Semantic.EXECUTE_ALL


class Evaluations(Evaluation, frozen=True):
    """Several questions, with defaults for their parts."""

    evaluations: list[Evaluation] | None = None
    options: Options = Options()

    def questions(self) -> list[Question]:
        """Return all questions, each whole. Raises MalformedEvaluation, naming the first that is not."""
        return [
            each.question(self, where=f"evaluations[{position}]: ")
            for position, each in enumerate(self.evaluations or ())
        ]


_DECODERS: Final[dict[type, msgspec.json.Decoder[Any]]] = {
    Evaluation: msgspec.json.Decoder(Evaluation),
    Evaluations: msgspec.json.Decoder(Evaluations),
}


def decode(body: bytes, form: type[T]) -> T:
    """Return the request. Raises MalformedEvaluation if it is not JSON in UTF-8 of this form; says where."""
    try:
        decoded: T = _DECODERS[form].decode(body)
    except msgspec.ValidationError as reason:
        raise MalformedEvaluation(f"the body has the wrong form: {reason}") from reason
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
        raise MalformedEvaluation(f"the body is not JSON: {reason}") from reason
    return decoded
