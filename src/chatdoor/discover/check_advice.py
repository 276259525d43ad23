"""What to do about an error that a check has met, by the kind of the error."""

from collections.abc import Mapping
from typing import Final

from chatdoor.discover.check_plan import credentials
from chatdoor.errors import (
    ArgumentError,
    BotCheckMet,
    ChatdoorError,
    ConnectFailed,
    ContentRefused,
    ConversationLost,
    LoginFailed,
    PromptTooLong,
    RateLimited,
    RedirectRefused,
    ReplyCutShort,
    ReplyError,
    ReplyTooLarge,
    SecretMissing,
    SessionRefused,
    SiteFailed,
    TimedOut,
    TokenNotFound,
    TransportError,
    UnexpectedReply,
)
from chatdoor.site.model import Site

ADVICE: Final[Mapping[type[ChatdoorError], str]] = {
    ArgumentError: "Change the option or the argument that it names.",
    SecretMissing: "Set the secret that it names, and allow with --allow-secrets that it is sent.",
    PromptTooLong: "Say something shorter with --say.",
    TokenNotFound: "The page has changed, or another one came. Find where the value is now, and mend its `take`.",
    SessionRefused: "The site wants more than the file sends: compare headers, cookies and fields with a browser's.",
    LoginFailed: "Check the credentials. If they are right, the form's fields or `expect` have changed.",
    ConversationLost: "Say in [conversation] what `lost` looks like, and with `recover` what to do then.",
    BotCheckMet: "chatdoor stops here, by design. Ask the site's owner for a way in that needs no browser.",
    RateLimited: "Check less often, or wait longer with --timeout. `limits.per_minute` sets the pace.",
    ContentRefused: "Say something else with --say.",
    SiteFailed: "The site itself fails: try again later, or look at its log.",
    ReplyCutShort: "A proxy's time limit, or the end of a reply looks different now: compare `done` in [reply].",
    ReplyTooLarge: "Raise `limits.reply_bytes`, or find out why the reply is so large.",
    ReplyError: "The answer has another shape now: look at a turn in the browser, and mend [chat] or [reply].",
    ConnectFailed: "Is the site up? Check the address, the network and --proxy.",
    RedirectRefused: "The site has moved: change `url`, or name the host in `hosts`.",
    TransportError: "Try again. If it stays so, check the network, --proxy and --ca-file.",
    TimedOut: "Find out why the site is slow, or give it more time with --timeout.",
    ChatdoorError: "Run `chatdoor ask --verbose` on the same site, which tells each request.",
}
"""Kind of error -> what to do. The nearest kind above an error counts."""

UNKNOWN_REFUSAL: Final = "The file does not know this answer as a refusal, so nothing is renewed: name it in `refused`."

NO_END: Final = "If the text came, say in [reply] which frame is the last, with `done`: the socket itself stays open."

NO_WAY_IN: Final = "The page is elsewhere now: compare `url` and [session] with what a browser opens."


def advice_for(site: Site, error: ChatdoorError) -> str:
    """What to do. An argument is wrong most often because a credential is not there, so all of them are named.

    A reply over a socket that has no end takes too long, however fast the site is.
    """
    if isinstance(error, ArgumentError) and (wanted := credentials(site)):
        return f"This site needs {', '.join(f'{{{name}}}' for name in wanted)}: set them, and allow them to be sent."
    if isinstance(error, TimedOut) and site.reply.format in {"websocket", "socketio"} and site.reply.done is None:
        return NO_END
    if type(error) is UnexpectedReply and error.step in {step.label for step in site.session}:
        return NO_WAY_IN
    return next(ADVICE[kind] for kind in type(error).__mro__ if kind in ADVICE)
