"""Whether an answer is as a match of a site file describes it."""

from urllib.parse import urljoin, urlsplit

from chatdoor.flow.answer import Answer, content_type
from chatdoor.flow.effects import Head
from chatdoor.site.model import Match


def fits(match: Match, answer: Answer) -> bool:
    """True where every key of the match holds."""
    return (
        fits_head(match, answer.head)
        and (not match.texts or any(text in answer.text for text in match.texts))
        and (not match.selectors or (answer.is_html and any(answer.page.has(css) for css in match.selectors)))
        and (not match.json or match.json.fits(answer.json))
    )


def fits_head(match: Match, head: Head) -> bool:
    """True where every key holds that the head decides: status, type and URL."""
    return (
        not match.closes
        and (not match.statuses or head.status in match.statuses)
        and (not match.types or content_type(head) in match.types)
        and (
            not match.paths
            or any(_path_fits(pattern, path) for pattern in match.paths for path in _paths(head, pattern))
        )
    )


def fits_record(match: Match, record: object, named: object, text: str) -> bool:
    """True where every key holds that one record of a stream decides: its text, and the JSON that it is.

    `named` is the record with the name of its event in it.
    """
    return (
        not match.selectors
        and (not match.texts or any(each in text for each in match.texts))
        and (not match.json or match.json.fits(named, record))
    )


def fits_close(match: Match, code: int | None) -> bool:
    """True where the match names the code with which a websocket was closed."""
    return code in match.closes


def _paths(head: Head, pattern: str) -> list[str]:
    """Where the answer came from and, if it is a redirect, where that leads, as the pattern has it.

    An empty path is `/`; the query counts where the pattern has one.
    """
    urls = [head.url]
    if 300 <= head.status < 400 and (location := head.get("location")):
        urls.append(joined(head.url, location))
    return [_path(url, with_query="?" in pattern) for url in urls]


def _path(url: str, *, with_query: bool) -> str:
    parts = urlsplit(url)
    path = parts.path or "/"
    return f"{path}?{parts.query}" if with_query and parts.query else path


def joined(base: str, location: str) -> str:
    """The URL that a `Location` header means; empty where it is none."""
    try:
        return urljoin(base, location)
    except ValueError:
        return ""


def _path_fits(pattern: str, path: str) -> bool:
    """`*` stands for anything; the rest is literal. Each part is looked for once, so no path takes long."""
    start, *middle, end = pattern.split("*") if "*" in pattern else (pattern, "")
    if "*" not in pattern:
        return path == pattern
    if not path.startswith(start):
        return False
    at = len(start)
    for part in middle:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return path.endswith(end) and len(path) - len(end) >= at
