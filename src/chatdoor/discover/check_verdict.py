"""From what a site did to what that proves. All of it is pure."""

from collections.abc import Iterator
from typing import Final

import msgspec

from chatdoor.discover.check_advice import UNKNOWN_REFUSAL, advice_for
from chatdoor.discover.check_finding import Finding, failed
from chatdoor.discover.check_plan import credentials
from chatdoor.discover.check_spoil import tokens_of
from chatdoor.discover.check_words import Words
from chatdoor.errors import ArgumentError, ChatdoorError, SessionRefused, TokenNotFound, TransportError, UnexpectedReply
from chatdoor.flow.session import Session
from chatdoor.messages import Reply
from chatdoor.site.model import WHOLE, Site

APART_SECONDS: Final = 0.02
"""Pieces that come within this time may have come at once: a network hands on what is that near together as one."""

UPGRADED: Final = 101
"""The status of a websocket that was opened, which says nothing of the message."""

TOLD_AGAIN: Final = {
    "replayed": "the turns were told again",
    "folded": "the turns were told again in one message",
    "dropped": "the site got the last turn only",
}
"""Fidelity that is not native -> what that means."""


class Traffic(msgspec.Struct, frozen=True):
    """What went over the network in one part of a check: requests sent, the statuses of their answers, in order."""

    sent: int
    statuses: tuple[int, ...]


class Heard(msgspec.Struct, frozen=True):
    """A reply, and when its pieces came: seconds from the beginning of the call."""

    reply: Reply
    pieces: tuple[float, ...]
    seconds: float


def judge_reach(site: Site, traffic: Traffic, seconds: float, error: ChatdoorError | None = None) -> Finding:
    """Whether the site answers at all. Any answer will do."""
    if traffic.statuses:
        return Finding("reachable", "works", f"HTTP {traffic.statuses[0]} from {site.origin} in {told_time(seconds)}")
    if error and traffic.sent:
        return failed("reachable", error, advice_for(site, error))
    return Finding("reachable", "skipped", "nothing was sent")


def judge_entry_error(site: Site, error: ChatdoorError) -> Iterator[Finding]:
    """What failed, where no session could be had: a value that is not there, or the session itself."""
    if isinstance(error, TokenNotFound):
        yield Finding("session", "works", "the session steps were answered")
        yield failed("token", error, advice_for(site, error))
    else:
        yield failed("session", error, advice_for(site, error))


def judge_entry(site: Site, session: Session | None, traffic: Traffic) -> Iterator[Finding]:
    """What a session that was opened holds."""
    if session and session.given:
        yield Finding("session", "skipped", "it is that of the access token that was given")
        yield Finding("token", "skipped", "it was given")
        return
    cookies = len(session.jar.cookies) if session else 0
    opened = f"{counted(len(site.session), 'step')}, {counted(cookies, 'cookie')}"
    where = f"{opened}, {counted(traffic.sent, 'request')}" if site.session else "the file has no session steps"
    yield Finding("session", "works" if site.session else "skipped", where)
    tokens = tokens_of(site)
    found = [f"{name} ({source.spot})" for name, source in tokens.items() if session and name in session.values]
    if found:
        yield Finding("token", "works", ", ".join(found))
    else:
        yield Finding("token", "skipped", "none is taken before the first message")


def judge_turn(site: Site, heard: Heard) -> Finding:
    """Whether the reply is one."""
    text = heard.reply.text.strip()
    if not text:
        error = UnexpectedReply("expected text, got an empty reply", step=site.chat[-1].label)
        return failed("turn", error, "Look at [reply]: the path to the text, and which records `where` lets through.")
    return Finding("turn", "works", f"{counted(len(text), 'character')} in {told_time(heard.seconds)}")


def judge_streaming(site: Site, heard: Heard) -> Finding:
    """Whether pieces came before the end. A short reply may come at once from a site that does stream."""
    if site.reply.format in WHOLE or site.reads_whole:
        return Finding("streaming", "skipped", f"the file reads a whole answer ({site.reply.format})")
    pieces = heard.pieces
    if len(pieces) > 1 and pieces[-1] - pieces[0] >= APART_SECONDS:
        first, last = told_time(pieces[0]), told_time(heard.seconds)
        return Finding("streaming", "works", f"{len(pieces)} pieces, the first after {first} of {last}")
    return Finding(
        "streaming",
        "not shown",
        f"{counted(len(pieces), 'piece')}, all at once after {told_time(heard.seconds)}",
        "Ask for a longer reply with --say. If that comes at once too, something between you and the site holds it up.",
    )


def judge_memory(site: Site, words: Words, heard: Heard) -> Finding:
    """Whether the second reply has what only the first turn said."""
    reply = heard.reply
    if words.is_in(reply.text):
        if reply.fidelity == "native":
            return Finding("memory", "works", f"asked for it, the site says {words.word!r}")
        again = TOLD_AGAIN[reply.fidelity]
        advice = "The site had lost the conversation or the session. It works, and costs a message more each time."
        return Finding("memory", "works", f"asked for it, the site says {words.word!r}, but {again}", advice)
    return Finding(
        "memory",
        "not shown",
        f"the reply does not have the word {words.word!r}",
        "Ask so that this site's reply would show it (--say with {word} in it, --ask). "
        f"If it forgets, look at [conversation]: history is {site.conversation.history!r}.",
    )


def judge_isolation(site: Site, words: Words, heard: Heard) -> Finding:
    """Whether a second conversation is free of what the first one said."""
    if not words.is_in(heard.reply.text):
        return Finding("isolation", "works", f"a second conversation does not know {words.word!r}")
    problem = f"expected a conversation of its own, got {words.word!r}, which was said in another one"
    error = ChatdoorError(problem, site=site.name, step=site.chat[-1].label)
    advice = (
        "The site mixes conversations: it must not serve several people. "
        f"Look at [conversation]: history is {site.conversation.history!r}, and a `start` may be missing."
    )
    return failed("isolation", error, advice)


def judge_refusal(site: Site, outcome: Heard | ChatdoorError, traffic: Traffic, last: str) -> Finding:
    """Whether a message with wrong tokens was refused. `last` is a reply from before, to another question."""
    what = "a message with a wrong token" if tokens_of(site) else "a message without a session"
    status = f" (HTTP {traffic.statuses[0]})" if traffic.statuses and traffic.statuses[0] != UPGRADED else ""
    if isinstance(outcome, SessionRefused):
        return Finding("refusal", "works", f"{what} was refused{status}")
    if isinstance(outcome, ArgumentError | TransportError):
        return failed("refusal", outcome, advice_for(site, outcome))
    if isinstance(outcome, ChatdoorError):
        unknown = isinstance(outcome, UnexpectedReply)
        return failed("refusal", outcome, UNKNOWN_REFUSAL if unknown else advice_for(site, outcome))
    if last and outcome.reply.text == last:
        saw = f"{what} was answered{status} with the reply to an earlier one"
        advice = "The page may repeat the talk, and the message be refused: describe such a page in `refused`."
        return Finding("refusal", "not shown", saw, advice)
    advice = "The site does not need it, so far as this shows: the file may be shorter without."
    return Finding("refusal", "not shown", f"{what} was answered{status}", advice)


def judge_unspoiled(site: Site) -> Finding:
    """What is told where nothing that goes out with a message can be spoiled. A secret could, and never is."""
    secret = "; a secret of yours does, and no wrong one is tried" if credentials(site) else ""
    return Finding("refusal", "skipped", f"no token and no cookie goes out with a message{secret}")


def judge_refresh(site: Site, outcome: Heard | ChatdoorError, traffic: Traffic) -> Finding:
    """Whether a message with wrong tokens went through after one renewal."""
    if isinstance(outcome, ChatdoorError):
        return failed("refresh", outcome, advice_for(site, outcome))
    return Finding("refresh", "works", f"refused, renewed and answered in {counted(traffic.sent, 'request')}")


def told_time(seconds: float) -> str:
    """A time as a person reads it: `3 ms`, `1.2 s`."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def counted(count: int, thing: str) -> str:
    """A number and what it counts: `1 step`, `2 steps`."""
    return f"{count} {thing}{'' if count == 1 else 's'}"
