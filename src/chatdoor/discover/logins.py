"""How the person got in: the request that sent a password, before the first prompt.

Follows from forms (Django, Rails, Laravel, Flask-Login, Spring, PHP) and from JSON logins of single-page applications.
The values are never kept: fields are told by their names, and the page's own `type=password`.
"""

from urllib.parse import urljoin, urlsplit

import msgspec

from chatdoor.discover import words
from chatdoor.discover.passwords import Passwords
from chatdoor.discover.recording import Recording
from chatdoor.discover.sends import Place, Sent, values


class Login(msgspec.Struct, frozen=True):
    """The request that signed in, and the places of its credentials. `lands` is where it leads, or empty."""

    sent: Sent
    user: tuple[Place, ...]
    password: tuple[Place, ...]
    lands: str


def find_login(sents: list[Sent], before: int, passwords: Passwords) -> Login | None:
    """The last login that worked, among what was sent before that entry."""
    found = None
    for sent in sents:
        if sent.index < before and sent.verb == "post" and 200 <= sent.exchange.answer.status < 400:
            found = _login(sent, passwords) or found
    return found


def _login(sent: Sent, passwords: Passwords) -> Login | None:
    fields = [
        (place, value) for place, value in values(sent) if place[0] == "body" and isinstance(value, str) and value
    ]
    password = tuple(place for place, value in fields if passwords.holds(words.key_of(place[1:]), value))
    if not password:
        return None
    others = [place for place, _ in fields if place not in password and not words.TOKEN.search(words.key_of(place))]
    named = tuple(place for place in others if words.USER.search(words.key_of(place[1:])))
    redirect = sent.exchange.answer.redirect
    lands = urlsplit(urljoin(sent.exchange.request.url, redirect)).path if redirect else ""
    return Login(sent, named[:1] or tuple(others[:1]), password, lands)


def credentials(recording: Recording, login: Login | None) -> list[str]:
    """What was typed to sign in, so that it can be looked for in the result."""
    if login is None or not recording.exchanges:
        return []
    places = {*login.user, *login.password}
    return [str(value) for place, value in values(login.sent) if place in places]
