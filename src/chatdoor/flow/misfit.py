"""What was expected of a step, and what came instead: the words of errors."""

from urllib.parse import urlsplit

from chatdoor.errors import UnexpectedReply
from chatdoor.flow.answer import Answer
from chatdoor.flow.excerpt import excerpt, mask, shorten
from chatdoor.flow.exchange import Visit
from chatdoor.flow.refusal import is_login_page
from chatdoor.site.model import Step


def misfit(visit: Visit, step: Step, answer: Answer) -> str:
    """`expected a redirect to /chat, got HTTP 200, text/html: "Sorry", from /help`. Masked, and short."""
    return f"expected {step.expected}, got {_came(visit, step, answer)}"


def unexpected(visit: Visit, step: Step, answer: Answer) -> UnexpectedReply:
    """The error that says so."""
    return UnexpectedReply(misfit(visit, step, answer), site=visit.site.name, step=step.label)


def sign_in_failed(visit: Visit, step: Step, answer: Answer) -> str:
    """The same for a step that signs in: a form that comes back says that what was filled in is wrong."""
    if is_login_page(answer):
        form = f"HTTP {answer.head.status} with the login form again: wrong user or password?"
        return f"expected {step.expected}, got {form}"
    return f"the site did not accept the sign-in: {misfit(visit, step, answer)}"


def _came(visit: Visit, step: Step, answer: Answer) -> str:
    came = excerpt(answer, visit.secrets)
    if not any(match.paths for match in step.expect):
        return came
    return f"{came}, from {shorten(mask(urlsplit(answer.head.url).path or '/', visit.secrets))}"
