"""The access API: OpenID AuthZEN Authorization API 1.0, evaluation and evaluations, at its default paths.

Plain views: this is what pages and doors call each time. A refusal is a 200 with `"decision": false`; an HTTP error
says that the question itself was wrong, in plain text (Authorization API 1.0, "Error Responses").
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Final
from uuid import UUID

import msgspec
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from tessera import db
from tessera.access import engine
from tessera.access.batch import Batch
from tessera.access.evaluations import (
    MOST,
    Evaluation,
    Evaluations,
    MalformedEvaluation,
    Semantic,
    decode,
)
from tessera.access.queries import explain
from tessera.access.subjects import customer_of
from tessera.access.types import Decision, Reason
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.core.instants import instant_text
from tessera.http import limits
from tessera.http.errors import BodyTooLarge, MethodNotAllowed, TooManyRequests, Unauthenticated
from tessera.http.scopes import Scope
from tessera.organizations.auth import Caller, authenticate
from tessera.organizations.models import Organization
from tessera.organizations.time import now

_EVALUATION: Final = "/access/v1/evaluation"
_EVALUATIONS: Final = "/access/v1/evaluations"

_QUESTIONS_A_REQUEST: Final = 50  # of the allowance: a request with more questions counts as several

_encode: Final = msgspec.json.Encoder().encode


@dataclass(slots=True)
class _Asker:
    """Who asks, and what is left of their allowance."""

    caller: Caller
    allowance: limits.Allowance

    def spend(self, requests: int) -> None:
        """Count what is asked as so many further requests. Raises Spent if there are not so many left."""
        if requests:
            self.allowance = limits.api().spend(self.caller.key_id, requests)


def _answering(view: Callable[[HttpRequest, _Asker], object]) -> Callable[[HttpRequest], HttpResponse]:
    """Make a view of what answers a caller who may ask: JSON, or an error as text, with the request's own id."""

    @csrf_exempt
    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        asker: _Asker | None = None
        left: limits.Allowance | None = None
        try:
            if request.method != "POST":
                raise MethodNotAllowed("questions are asked with POST")
            caller = authenticate(request.META.get("HTTP_AUTHORIZATION"))
            asker = _Asker(caller, limits.api().spend(caller.key_id))
            caller.must(Scope.ACCESS_READ)
            answer = HttpResponse(_encode(view(request, asker)), content_type="application/json")
        except TesseraError as error:
            answer = _error(error)
            if isinstance(error, limits.Spent):
                left = error.allowance
        if asker is not None:
            left = left or asker.allowance
        for name, value in (left.headers() if left is not None else {}).items():
            answer[name] = value
        _name(answer, request)
        return answer

    return answered


@_answering
def evaluation(request: HttpRequest, asker: _Asker) -> object:
    """May this subject do this to this resource now?"""
    return _one(decode(_body(request), Evaluation).question(), asker.caller)


@_answering
def evaluations(request: HttpRequest, asker: _Asker) -> object:
    """Several questions at once, answered in order; without any, the one that the defaults make.

    Each 50 questions begun are one request of the key's allowance.
    """
    caller = asker.caller
    body = decode(_body(request), Evaluations)
    if not body.evaluations:
        return _one(body.question(), caller)
    if len(body.evaluations) > MOST:
        raise MalformedEvaluation(f"evaluations: at most {MOST} questions, not {len(body.evaluations)}")
    questions = body.questions()
    asker.spend((len(questions) - 1) // _QUESTIONS_A_REQUEST)
    organization, at = caller.organization, now(caller.organization)
    subjects: dict[tuple[str, str, str | None], UUID | Reason] = {}
    answers: list[object] = []
    with db.snapshot():
        batch = Batch(organization_id=organization.pk, asked={each.target for each in questions}, at=at)
        for question in questions:
            subject = subjects.get(question.subject)
            if subject is None:
                subject = subjects[question.subject] = customer_of(organization, *question.subject)
            if isinstance(subject, Reason):
                decision = engine.refusal(subject, at)
            else:
                decision = batch.decide(subject, question.target)
            answers.append(_answer(decision, organization))
            if body.options.evaluations_semantic is _LAST_OF.get(decision.allow):
                break
    return {"evaluations": answers}


def configuration(request: HttpRequest) -> HttpResponse:
    """Where the questions are asked (Authorization API 1.0, "Policy Decision Point Metadata")."""
    if request.method not in ("GET", "HEAD"):
        return _error(MethodNotAllowed("this is read with GET"))
    base = (getattr(settings, "BASE_URL", "") or request.build_absolute_uri("/")).rstrip("/")
    metadata = {
        "policy_decision_point": base,
        "access_evaluation_endpoint": base + _EVALUATION,
        "access_evaluations_endpoint": base + _EVALUATIONS,
    }
    answer = HttpResponse(_encode(metadata), content_type="application/json")
    answer["Cache-Control"] = "public, max-age=3600"
    _name(answer, request)
    return answer


# Which decision ends an evaluation early, and under which semantic.
_LAST_OF: Final = {False: Semantic.DENY_ON_FIRST_DENY, True: Semantic.PERMIT_ON_FIRST_PERMIT}


def _one(question: Any, caller: Caller) -> object:
    organization, at = caller.organization, now(caller.organization)
    subject = customer_of(organization, *question.subject)
    if isinstance(subject, Reason):
        return _answer(engine.refusal(subject, at), organization)
    decision = engine.decide(organization_id=organization.pk, customer_id=subject, asked=question.target, at=at)
    return _answer(decision, organization)


def _answer(decision: Decision, organization: Organization) -> object:
    company = None
    if decision.company_id is not None:
        company = {"id": ids.to_text(Prefix.COMPANY, decision.company_id), "name": decision.company_name}
    plan = None
    if decision.plan_id is not None:
        plan = {"id": ids.to_text(Prefix.PLAN, decision.plan_id), "name": decision.plan_name}
    membership = decision.membership_id
    return {
        "decision": decision.allow,
        "context": {
            "reason": decision.reason.value,
            "reason_text": str(explain(decision, organization)),
            "permission": decision.permission,
            "membership": None if membership is None else ids.to_text(Prefix.MEMBERSHIP, membership),
            "plan": plan,
            "source": decision.source,
            "company": company,
            "in_grace": decision.in_grace,
            "valid_until": _instant(decision.valid_until),
            "evaluated_at": _instant(decision.evaluated_at),
        },
    }


def _name(answer: HttpResponse, request: HttpRequest) -> None:
    """Give the answer the request's id, if it came with one (Authorization API 1.0, "Request Identification")."""
    named = request.META.get("HTTP_X_REQUEST_ID")
    if named is not None:
        answer["X-Request-ID"] = named


def _instant(at: datetime | None) -> str | None:
    if at is None:
        return None
    text = at.isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else instant_text(at)


def _body(request: HttpRequest) -> bytes:
    if (request.content_type or "").lower() != "application/json":
        raise MalformedEvaluation("send Content-Type: application/json")
    try:
        return request.body
    except RequestDataTooBig as reason:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raise BodyTooLarge(f"at most {most} bytes are read", most=most) from reason


def _error(error: TesseraError) -> HttpResponse:
    answer = HttpResponse(error.detail, status=error.status, content_type="text/plain; charset=utf-8")
    if isinstance(error, Unauthenticated):
        attributes = "" if error.code == "key_missing" else ', error="invalid_token"'
        answer["WWW-Authenticate"] = f'Bearer realm="tessera"{attributes}'
    if isinstance(error, TooManyRequests):
        answer["Retry-After"] = str(error.retry_after)
    if isinstance(error, MethodNotAllowed):
        answer["Allow"] = "POST" if "POST" in error.detail else "GET, HEAD"
    return answer
