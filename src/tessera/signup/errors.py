"""What signing up refuses, in words that can be shown."""

from tessera.core.errors import Conflict, Forbidden, Invalid, NotFound


class QuestionNotFound(NotFound):
    """No such question in the organization."""

    code = "question_not_found"


class QuestionInvalid(Invalid):
    """A detail of a question that is out of bounds, or does not fit its kind."""

    code = "question_invalid"


class TooManyQuestions(Conflict):
    """An organization asks at most fifty questions."""

    code = "too_many_questions"


class SignupSettingInvalid(Invalid):
    """A setting of signing up that is out of bounds."""

    code = "signup_setting_invalid"


class AnswerInvalid(Invalid):
    """An answer that does not fit its question. `pointer` names the question."""

    code = "answer_invalid"


class AnswerMissing(Invalid):
    """A question that has to be answered was not."""

    code = "answer_missing"


class DetailsMissing(Conflict):
    """Something that the organization asks of whoever joins is not known yet."""

    code = "signup_details_missing"


class SignupClosed(Conflict):
    """The organization takes nobody by itself for now."""

    code = "signup_closed"


class PlanPrivate(Conflict):
    """The plan is given by staff only."""

    code = "plan_private"


class TermsChanged(Conflict):
    """The terms have been changed since they were shown: look at them again."""

    code = "terms_changed"


class FrameRefused(Forbidden):
    """What was sent did not come from a page of this very frame."""

    code = "frame_refused"


class FlowExpired(Conflict):
    """The page was open for too long: begin again."""

    code = "flow_expired"


class SwitchNotPossible(Conflict):
    """Going over to this plan or price is not done by oneself."""

    code = "switch_not_possible"


class NotOfCompany(Forbidden):
    """Neither the e-mail address nor an invitation says that somebody belongs to the company."""

    code = "not_of_company"


class WasOfCompany(Conflict):
    """Whoever has left a company comes back by an invitation, or by staff."""

    code = "was_of_company"
