"""Why there is no chat in a recording, in words: what to do, or that it is not possible, and why."""

from chatdoor.discover.recording import Exchange, Recording
from chatdoor.discover.sends import path_shape, sent_by
from chatdoor.discover.typed import Asked
from chatdoor.discover.unable import unable


def not_possible(because: str, name: str) -> str:
    """Where no site file can describe the site."""
    return f"{name}: not possible, because {because}; no site file can describe that"


def nothing_typed(recording: Recording, told: frozenset[str], name: str) -> str:
    """Where no request holds what a person could have typed."""
    because = unable(recording.exchanges)
    if because:
        return not_possible(because, name)
    if told:
        return f"{name}: no request holds the text of --prompt (or --say); give it as it was typed, or record again"
    if any(each.is_binary for each in sent_by(recording)):
        return (
            f"{name}: not possible, because this site talks in binary frames over a websocket; no site file can "
            "describe that"
        )
    return f"{name}: nothing that was typed is in it; record again, say two sentences, or give one with --prompt TEXT"


def no_reply(recording: Recording, groups: list[list[Asked]], name: str) -> str:
    """Where something was typed, and nothing that came back reads as an answer."""
    because = unable(recording.exchanges)
    if because:
        return not_possible(because, name)
    asked = max(groups, key=len)[0]
    place = f"{asked.sent.verb.upper()} {path_shape(asked.sent.path)} (entry {asked.sent.index})"
    if asked.sent.exchange.answer.status in {401, 403, 429, 503} and _is_bot_check(asked.sent.exchange):
        return f"{name}: {place}: not possible, because the site asks for proof of a browser or a person (bot check)"
    if asked.sent.exchange.answer.body.absent == "not recorded":
        return f"{name}: the answer to {place} was not kept by the recorder; export from Firefox, or with content"
    if any(_is_lost_stream(each) for each in recording.exchanges[recording.exchanges.index(asked.sent.exchange) :]):
        return (
            f"{name}: something was typed ({place}), and a stream after it was not kept by the recorder; "
            "chatdoor record keeps it, and so does Firefox"
        )
    stream = _open_before(asked, recording)
    if stream:
        return (
            f"{name}: not possible, because the reply to {place} comes over {stream}, which was open before; a site "
            "file reads a stream that it opens after the prompt"
        )
    return f"{name}: something was typed ({place}), and no answer to it is text; wait for the reply, then export"


def _is_lost_stream(exchange: Exchange) -> bool:
    """Playwright often keeps nothing of what an EventSource got."""
    body = exchange.answer.body
    return body.absent == "not recorded" and (body.type == "text/event-stream" or exchange.kind == "eventsource")


def _is_bot_check(exchange: Exchange) -> bool:
    """Cloudflare, DataDome and reCAPTCHA say so in a header or in the page."""
    names = {name for name, _ in exchange.answer.headers}
    text = exchange.answer.body.text
    return bool({"cf-mitigated", "x-datadome"} & names) or "captcha" in text.lower() or "challenge-platform" in text


def _open_before(asked: Asked, recording: Recording) -> str:
    """The stream that was opened before the prompt was sent and still told something afterwards; empty for none."""
    at = recording.exchanges.index(asked.sent.exchange)
    for each in recording.exchanges[:at]:
        is_stream = each.answer.body.type == "text/event-stream" or any(not frame.sent for frame in each.frames)
        if is_stream and each.request.parts.netloc == asked.sent.host:
            return f"{each.request.method} {path_shape(each.request.parts.path)} (entry {each.index})"
    return ""
