"""Every way a call can fail.

    ChatdoorError                   RuntimeError
    ├── ArgumentError               also a ValueError: the caller's argument is wrong
    │   ├── SiteFileError           the site file is wrong; names file, line and key
    │   ├── SecretMissing           a secret that the site file names is not there, or may not be sent
    │   ├── RecordingError          a recording can not be used; names file and entry
    │   └── PromptTooLong           longer than the site takes
    ├── NotRecorded                 the browser or the page did not do what a recording takes
    ├── SessionError                no usable session could be had
    │   ├── TokenNotFound           the page does not hold what the site file says
    │   ├── SessionRefused          the site refused us, after a refresh or with nothing to refresh
    │   └── LoginFailed             the site did not accept the credentials
    ├── ConversationLost            the site no longer has it, and it can not be told again
    ├── ConversationBusy            a turn of it is under way
    ├── BotCheckMet                 the site asks for proof of a browser or a person
    ├── RateLimited                 the site wants us to wait longer than the call may take
    ├── ContentRefused              the site's own rules refuse the prompt
    ├── ReplyError                  an answer came, and is not a reply
    │   ├── UnexpectedReply         not as the site file describes it
    │   ├── SiteFailed              a server error of the site's own
    │   ├── ReplyCutShort           it ended before its end
    │   └── ReplyTooLarge           more bytes than the limit
    ├── TransportError              the network or the protocol failed
    │   ├── ConnectFailed           nothing was sent
    │   ├── WriteFailed             the request may have been sent in part
    │   ├── ReadFailed              no whole answer came back
    │   └── RedirectRefused         a redirect leads where the site file does not allow
    ├── TimedOut                    names the phase
    ├── StateError                  kept sessions can not be read or written
    │   └── StateDown               the state that several gateways share can not be reached now
    └── BatchStopped                a batch can not begin or go on; the same command goes on later

Each says which HTTP status a gateway should answer (`status`), whether asking again is safe and may help
(`retryable`), and the exit code of the command line (`exit_code`). Standard clients repeat a 429 and each 5xx by
themselves, and not all heed a header that says otherwise. So only what may be repeated has such a status; what lasts,
or may have reached the site, is a 424, "Failed Dependency" (RFC 4918, section 11.4), a 400 or a 409.
"""

from typing import ClassVar, NamedTuple


class ChatdoorError(RuntimeError):
    """Whatever went wrong while talking to a site, in one line.

    The message reads "SITE: STEP: what was expected and what came". It holds no secret.
    """

    status: ClassVar[int] = 424
    retryable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1

    def __init__(self, problem: str, *, site: str | None = None, step: str | None = None) -> None:
        self.problem = problem
        self.site = site
        self.step = step
        super().__init__(": ".join(part for part in (site, step, problem) if part))

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross threads and processes whole: by default only `args` would."""
        return (_rebuild, (type(self), self.args, self.__dict__))


def _rebuild(kind: type[ChatdoorError], args: tuple[object, ...], state: dict[str, object]) -> ChatdoorError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


class ArgumentError(ChatdoorError, ValueError):
    """An argument of the caller can not be used."""

    status = 400
    exit_code = 2


class SiteFileError(ArgumentError):
    """A site file can not be used. `file`, `line` (from 1, or None) and `key` (or None) name the place.

    The message reads "FILE:LINE: KEY: what is wrong".
    """

    status = 424
    exit_code = 3

    def __init__(self, problem: str, *, file: str, line: int | None = None, key: str | None = None) -> None:
        self.file = file
        self.line = line
        self.key = key
        super().__init__(problem)
        self.args = (": ".join(part for part in (file if line is None else f"{file}:{line}", key, problem) if part),)


class SecretMissing(ArgumentError):
    """A secret that the site file names is not there, or nobody has allowed that it is sent."""

    status = 424


class RecordingError(ArgumentError):
    """A recording can not be read, or would still hold a secret. The message names the file and the entry (from 0)."""

    exit_code = 3


class NotRecorded(ChatdoorError):
    """Nothing could be recorded: the browser or the page did not do what it takes. Says what to do instead."""

    exit_code = 3


class PromptTooLong(ArgumentError):
    """The prompt has more characters than the site takes."""

    exit_code = 8


class SessionError(ChatdoorError):
    """No usable session could be had.

    `heard`: the site had taken the message by then; it refused its reply, say. Else it has heard nothing.
    """

    exit_code = 4
    heard: bool = False


class TokenNotFound(SessionError):
    """An answer does not hold a value that the site file takes from it."""


class SessionRefused(SessionError):
    """The site refused the session, and a fresh one would not help or did not."""


class LoginFailed(SessionError):
    """The site did not accept the credentials."""


class ConversationLost(ChatdoorError):
    """The site no longer has the conversation, and its site file says that it is not told again, or that failed."""

    status = 409
    exit_code = 4


class ConversationBusy(ChatdoorError):
    """A turn of the conversation is under way, and the messages are no list that could be told in another one.

    Nothing was sent.
    """

    status = 409
    exit_code = 4


class BotCheckMet(ChatdoorError):
    """The site asks for proof that a browser or a person is there. chatdoor stops here, by design."""

    exit_code = 5


class RateLimited(ChatdoorError):
    """The site wants us to wait. `retry_after` is the wait in seconds, None where the site gave none."""

    status = 429
    retryable = True
    exit_code = 6

    def __init__(
        self, problem: str, *, retry_after: float | None = None, site: str | None = None, step: str | None = None
    ) -> None:
        self.retry_after = retry_after
        super().__init__(problem, site=site, step=step)


class ContentRefused(ChatdoorError):
    """The site's own content rules refuse the prompt."""

    status = 400
    exit_code = 8


class ReplyError(ChatdoorError):
    """An answer came, and it is not a reply."""

    exit_code = 7


class UnexpectedReply(ReplyError):
    """The answer is not what the site file describes."""


class SiteFailed(ReplyError):
    """The site answered with a server error of its own (5xx), or reported one inside its answer."""


class ReplyCutShort(ReplyError):
    """The answer ended before its end. What came before is in `partial`."""

    def __init__(self, problem: str, *, partial: str = "", site: str | None = None, step: str | None = None) -> None:
        self.partial = partial
        super().__init__(problem, site=site, step=step)


class ReplyTooLarge(ReplyError):
    """The answer has more bytes than the site's limit."""


class TransportError(ChatdoorError):
    """The network or the protocol below the messages failed."""

    exit_code = 9


class ConnectFailed(TransportError):
    """No connection to the site or to the proxy. Nothing was sent."""

    status = 503
    retryable = True


class WriteFailed(TransportError):
    """The connection broke while the request went out."""


class ReadFailed(TransportError):
    """The connection broke, or what came is not HTTP, before the answer was whole.

    `begun` says that the head of the answer had come, so that it was cut short.
    """

    def __init__(self, problem: str, *, begun: bool = False, site: str | None = None, step: str | None = None) -> None:
        self.begun = begun
        super().__init__(problem, site=site, step=step)


class RedirectRefused(TransportError):
    """A redirect leads to a host that the site file does not name, or round in a circle."""


class TimedOut(ChatdoorError):
    """The call took too long. `phase` is what it was waiting for."""

    exit_code = 10

    def __init__(self, problem: str, *, phase: str, site: str | None = None, step: str | None = None) -> None:
        self.phase = phase
        super().__init__(problem, site=site, step=step)


class StateError(ChatdoorError):
    """Kept sessions can not be read or written."""

    exit_code = 11


class StateDown(StateError):
    """The state that several gateways share can not be reached now. No site was asked."""

    status = 503
    retryable = True


class BatchStopped(ChatdoorError):
    """A batch can not begin or go on: its output is in use or can not be written, or the site fails all the time."""

    exit_code = 12


class Place(NamedTuple):
    """Where a call is: the site's name and the step's label. Errors take both from it."""

    site: str
    step: str | None = None
