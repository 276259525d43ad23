"""A small conversation by rule: what a visitor said goes in, the next reply comes out.

It keeps nothing between calls. What it remembers stands in the list of turns, so the same list has the same reply.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from chatdoor.practice.rules import ECHO, OTHER, RETURNS, RULES, Rule

TURNS_READ = 40
"""How many turns are looked at, the last ones."""
TURN_CHARS = 4_000
"""How many characters of one turn are looked at, the first ones."""
HELD_CHARS = 120
"""How many characters of a visitor's words go into a reply, except where they are asked back exactly."""
COUNT_MOST = 500
"""How far the site counts when it is told to."""
REPLY_CHARS = 4_500
"""No reply is longer than this."""

_SENTENCE_END = re.compile(r"[.!?;\n]+")

_TURNED = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "am": "are", "i am": "you are",
    "i was": "you were", "i'm": "you're", "i've": "you've", "i'll": "you'll", "i'd": "you'd", "you": "I",
    "your": "my", "yours": "mine", "yourself": "myself", "you are": "I am", "you were": "I was", "are you": "am I",
    "were you": "was I", "you're": "I'm", "you've": "I've", "you'll": "I'll", "you'd": "I'd",
}  # fmt: skip
_WORDS = re.compile(
    r"(?<![\w'])(?:"
    r"(?P<object>you)(?=\s*(?:$|,)|\s+(?:and|at|because|but|for|in|on|or|so|to|too|when|with)\b)|"  # "with you" -> "me"
    + "|".join(re.escape(words) for words in sorted(_TURNED, key=len, reverse=True))
    + r")(?![\w'])",
    re.IGNORECASE,
)


class _Heard(Struct, frozen=True):
    """What one turn came down to: the rule that fits, and the words it held, turned round."""

    rule: Rule
    words: str = ""


def reply(said: Sequence[str]) -> str:
    """The next reply: never empty, at most `REPLY_CHARS` long, the same for the same list.

    `said` is all that the visitor said, oldest first, without the replies.
    """
    heard = [_hear(text[:TURN_CHARS]) for text in said[-TURNS_READ:]] or [_Heard(OTHER)]
    last, earlier = heard[-1], heard[:-1]
    before = sum(turn.rule is last.rule for turn in earlier)
    return _SPECIAL.get(last.rule.name, _by_template)(last, earlier, before)


def turn_round(words: str) -> str:
    """The words as the other side would say them: "my job bores me" becomes "your job bores you"."""
    return _WORDS.sub(_turn_word, words)


def _turn_word(match: re.Match[str]) -> str:
    return "me" if match["object"] else _TURNED[match[0].lower()]


def _hear(text: str) -> _Heard:
    if exact := ECHO.pattern.match(text):
        return _Heard(ECHO, exact[1])
    sentences = _sentences(text)
    for rule in RULES:
        for sentence in sentences:
            match = rule.pattern.search(sentence)
            words = _held(match, rule) if match else None
            if words is not None:
                return _Heard(rule, words)
    return _Heard(OTHER)


def _sentences(text: str) -> list[str]:
    """The sentences of a text, spaces made single, the curved apostrophe made straight. The last comes first."""
    straight = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    parts = (" ".join(part.split()) for part in _SENTENCE_END.split(straight))
    return [part for part in parts if part][::-1]


def _held(match: re.Match[str], rule: Rule) -> str | None:
    """What the rule's group holds, turned round. None where it should hold something and there is nothing."""
    if not rule.pattern.groups:
        return ""
    words = match[1].strip(" ,:-")
    if rule.name != "my name":  # a name is not a pronoun: "call me Mine"
        words = turn_round(words)
    return _shortened(words) or None


def _shortened(words: str) -> str:
    """The words up to the last space before the limit, and an ellipsis where some are left out."""
    if len(words) <= HELD_CHARS:
        return words
    head = words[:HELD_CHARS]
    return (head.rpartition(" ")[0] or head) + "..."


def _by_template(last: _Heard, _earlier: Sequence[_Heard], before: int) -> str:
    return last.rule.replies[before % len(last.rule.replies)].format(last.words)


def _echo(last: _Heard, _earlier: Sequence[_Heard], _before: int) -> str:
    return last.words if last.words.strip() else "Say what?"


def _count(last: _Heard, _earlier: Sequence[_Heard], _before: int) -> str:
    most = min(int(last.words), COUNT_MOST)
    return " ".join(map(str, range(1, most + 1))) + "." if most else "There is nothing to count."


def _name(_last: _Heard, earlier: Sequence[_Heard], _before: int) -> str:
    names = [turn.words for turn in earlier if turn.rule.name == "my name"]
    return f"You told me that your name is {names[-1]}." if names else "You have not told me your name yet."


def _recall(_last: _Heard, earlier: Sequence[_Heard], _before: int) -> str:
    topics = _topics(earlier)[-3:]
    return f"I remember: {'; '.join(topics)}." if topics else "You have not told me much yet."


def _go_on(last: _Heard, earlier: Sequence[_Heard], before: int) -> str:
    topics = _topics(earlier)
    if not topics:
        return _by_template(last, earlier, before)
    return RETURNS[before % len(RETURNS)].format(topics[before % len(topics)])


def _topics(earlier: Sequence[_Heard]) -> list[str]:
    """What has been spoken of, oldest first, each once."""
    return list(dict.fromkeys(turn.rule.topic.format(turn.words) for turn in earlier if turn.rule.topic))


_SPECIAL: Mapping[str, Callable[[_Heard, Sequence[_Heard], int], str]] = {
    "echo": _echo,
    "count": _count,
    "my name?": _name,
    "recall": _recall,
    "other": _go_on,
}
"""The rules that need more than a template: (what was heard, what was heard before, how often this one was)."""
