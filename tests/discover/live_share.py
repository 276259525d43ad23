"""How many practice sites are found: random options, recorded as browsers export, discovered with `--live`, and asked.

    python -m tests.discover.live_share --count 200 --seed 7 [--pages-gone]

prints each site that was not found, and the share of those that were.
"""

import argparse
import os
import random
import sys
from typing import get_args

from chatdoor import Client, Practice
from chatdoor.discover.discovery import discover
from chatdoor.discover.har import read_har
from chatdoor.discover.live import Mended, prove
from chatdoor.errors import ArgumentError, ChatdoorError
from chatdoor.practice import PASSWORD, USER, Behaviour
from chatdoor.practice.behaviour import Body, History, Login, Shape, Token
from tests.discover.practice_page import RecordedPage
from tests.discover.sanitised import sanitised, without_pages

TOLD = ("Hello, I am so tired of my work today", "My mother never listens to me")
FIRST, SECOND = "I feel tired of my job", "hm"
REPLY = "Why do you feel tired of your job?"
REMEMBERS = "Earlier you said that you feel tired of your job. Does that have to do with this?"
FORGETS = "Please go on."

OPTIONS: dict[str, tuple[object, ...]] = {
    "token": get_args(Token),
    "login": get_args(Login),
    "body": get_args(Body),
    "history": get_args(History),
    "reply": get_args(Shape),
    "rotate": (False, False, True),
}
ACCOUNT = {"SITE_USER": USER, "SITE_PASSWORD": PASSWORD}
"""What a discovered practice site takes from the environment."""


def recorded(url: str, behaviour: Behaviour, *, pages: bool) -> bytes:
    """What a browser exports by default of two sentences; without the `pages`, what is left after a navigation."""
    page = RecordedPage(url.rstrip("/"), behaviour)
    for text in TOLD:
        page.say(text)
    data = sanitised(page.har())
    return data if pages else without_pages(data, TOLD[0].split(",")[0])


def found_live(site_url: str, behaviour: Behaviour, *, pages: bool, requests: int = 40) -> Mended:
    """The site as it is discovered and proven."""
    recording = read_har(recorded(site_url, behaviour, pages=pages), "practice.har")
    return prove(discover(recording, "practice.har"), requests=requests, allow_secrets=True)


def answers(mended: Mended) -> tuple[str, str]:
    """What the site says to two turns, asked by the file as it was written."""
    with Client(mended.site, allow_secrets=True) as client:
        first = client.ask([{"role": "user", "content": FIRST}])
        said = [{"role": "user", "content": FIRST}, {"role": "assistant", "content": first.text}]
        return first.text, client.ask([*said, {"role": "user", "content": SECOND}]).text


def wanted(behaviour: Behaviour) -> tuple[str, str]:
    """What they must be."""
    return REPLY, FORGETS if behaviour.history == "none" else REMEMBERS


def random_behaviour(chance: random.Random) -> Behaviour:
    """A practice site whose options go together."""
    while True:
        options = {name: chance.choice(values) for name, values in OPTIONS.items()}
        if options["rotate"] and options["reply"] == "websocket":  # the recorded page does not renew its token there
            continue
        try:
            return Behaviour.of(options)
        except ArgumentError:  # frames are JSON
            continue


def _works(behaviour: Behaviour, *, pages: bool) -> str:
    """Empty where it does, else what came instead."""
    with Practice(behaviour) as site:
        try:
            mended = found_live(site.url, behaviour, pages=pages)
            came = answers(mended)
        except ChatdoorError as error:
            return f"{type(error).__name__}: {error}"
    return "" if came == wanted(behaviour) else f"{came}, {mended.error}"


def main() -> None:
    """Prints the share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pages-gone", action="store_true")
    wish = parser.parse_args()
    os.environ.update(ACCOUNT)
    chance, good = random.Random(wish.seed), 0
    for _ in range(wish.count):
        behaviour = random_behaviour(chance)
        problem = _works(behaviour, pages=not wish.pages_gone)
        good += not problem
        if problem:
            sys.stdout.write(f"{behaviour}: {problem[:300]}\n")
    sys.stdout.write(f"{good} of {wish.count}\n")


if __name__ == "__main__":
    main()
