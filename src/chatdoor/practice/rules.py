"""What the practice site listens for, and what it says then.

The table is read from the top: the first rule that fits any sentence of a turn wins. Keywords and answers follow
J. Weizenbaum, "ELIZA", Communications of the ACM 9 (1966), in words of our own.

No pattern can backtrack badly: each is a fixed beginning, at most one open group, and no repeat inside a repeat.
"""

import re

from msgspec import Struct

_FAMILY = "mother|mom|mum|father|dad|parents|sister|brother|wife|husband|son|daughter|children|family"


class Rule(Struct, frozen=True):
    """One thing that can be heard in a sentence.

    `replies` are used in turn; `{0}` is what the pattern's group held, turned round. `topic` is how the talk comes
    back to it later, empty where it is not worth that.
    """

    name: str
    pattern: re.Pattern[str]
    replies: tuple[str, ...] = ()
    topic: str = ""


def _rule(name: str, pattern: str, *replies: str, topic: str = "") -> Rule:
    return Rule(name, re.compile(pattern, re.IGNORECASE), replies, topic)


RULES = (
    _rule("count", r"\bcount (?:up )?to (\d{1,6})\b"),
    _rule("my name?", r"\bwhat(?:'s| is| was) my name\b|\bwho am i\b|\b(?:know|remember) my name\b"),
    _rule("recall", r"\bwhat did i (?:say|tell)\b|\bdo you remember\b|\bwhat (?:were|are) we talking\b"),
    _rule(
        "my name",
        r"\b(?:my name is|call me) ([^\W\d_][\w'-]{0,39})",
        "Hello, {0}. What is on your mind?",
        "I shall call you {0} from now on.",
    ),
    _rule(
        "yours",
        r"\b(?:who|what) are you\b|\bwhat can you do\b|\Ahelp\b|\byour name\b",
        "I am the practice site of chatdoor: a web chatbot on your own machine, with a page, a session and a token, "
        "and no model behind it. I turn your words round, and I remember what you told me. "
        'Try "I feel tired today", or "count to 20".',
        "A few rules and your own words, no more. What would you like to talk about?",
    ),
    _rule(
        "how are you",
        r"\bhow are you\b",
        "I am a few rules, and they are well. How are you?",
        "Much the same. And you?",
    ),
    _rule(
        "dream",
        r"\bi (?:dream|dreamed|dreamt) (?:of |about |that )?(.+)",
        "What does it mean to you, {0}?",
        "Have you dreamt of {0} before?",
        topic="you told me of a dream: {0}",
    ),
    _rule(
        "feel",
        r"\bi(?:'m feeling| am feeling| feel| felt) (?:that )?(.+)",
        "Why do you feel {0}?",
        "Do you often feel {0}?",
        "What would change if you did not feel {0}?",
        topic="you said that you feel {0}",
    ),
    _rule(
        "cannot",
        r"\bi (?:can't|cannot|can not) (.+)",
        "What keeps you from it? You say that you cannot {0}.",
        "What would you do first if you could {0}?",
        topic="you said that you cannot {0}",
    ),
    _rule(
        "want",
        r"\bi(?:'d like| would like| want| need| wish for| hope for) (.+)",
        "What would it mean to you to get {0}?",
        "Why do you want {0}?",
        "Suppose that you got {0} tomorrow. What then?",
        topic="you said that you want {0}",
    ),
    _rule(
        "like",
        r"\bi (?:really )?((?:like|love|hate|miss|enjoy|fear) .+)",
        "What is it that makes you say that you {0}?",
        "Since when is it so that you {0}?",
        topic="you said that you {0}",
    ),
    _rule(
        "think",
        r"\bi (?:think|believe|guess|suppose) (?:that )?(.+)",
        "What makes you think that {0}?",
        "Are you sure that {0}?",
        topic="you said that you think that {0}",
    ),
    _rule(
        "remember",
        r"\bi (?:remember|recall) (.+)",
        "What else comes to mind when you think of {0}?",
        "Why do you think of {0} just now?",
        topic="you remembered {0}",
    ),
    _rule(
        "because",
        r"\bbecause (.+)",
        "Is that the real reason?",
        "What other reasons come to mind, besides that {0}?",
    ),
    _rule(
        "family",
        rf"\bmy ({_FAMILY})\b",
        "Tell me more about your {0}.",
        "Who else comes to mind when you think of your {0}?",
        topic="you spoke of your {0}",
    ),
    _rule(
        "am",
        r"\bi(?:'m| am| was) (.+)",
        "How long have you been {0}?",
        "How do you feel about being {0}?",
        "Do you think it is usual to be {0}?",
        topic="you said that you are {0}",
    ),
    _rule(
        "have",
        r"\bi(?:'ve| have)(?: got)? (.+)",
        "Tell me more: you have {0}.",
        "How is that for you, to have {0}?",
        topic="you said that you have {0}",
    ),
    _rule(
        "my",
        r"\bmy ([^\W\d_][\w'-]{0,39})",
        "Your {0}?",
        "Why is your {0} on your mind?",
        "Tell me more about your {0}.",
        topic="you spoke of your {0}",
    ),
    _rule(
        "you are",
        r"\byou(?:'re| are) (.+)",
        "What makes you think that I am {0}?",
        "Perhaps I am {0}. Perhaps you would like me to be.",
    ),
    _rule(
        "are you",
        r"\bare you (.+)",
        "Would it matter to you if I were {0}?",
        "Why do you ask whether I am {0}?",
    ),
    _rule(
        "machine",
        r"\b(?:computer|machine|robot|bot|chatbot|language model|ai)s?\b",
        "Do machines worry you?",
        "What do you think machines have to do with it?",
    ),
    _rule("sorry", r"\b(?:sorry|apologi[sz]e)\b", "There is no need to be sorry.", "What feelings come with that?"),
    _rule("always", r"\b(?:always|never|everybody|everyone|nobody)\b", "Can you think of an example?", "Such as when?"),
    _rule(
        "question",
        r"\A(?:what|why|how|who|where|when|which|can|could|will|would|do|does|did|is) ",
        "Why do you ask?",
        "What answer would please you most?",
        "What comes to mind when you ask that?",
    ),
    _rule("thanks", r"\b(?:thanks|thank you)\b", "You are welcome. What else is on your mind?", "Gladly. And now?"),
    _rule("bye", r"\A(?:bye|goodbye|good bye|good night|see you)\b", "Goodbye. It was good to talk with you."),
    _rule("yes", r"\A(?:yes|yeah|yep|sure|of course)\b", "You seem quite sure.", "I see. Go on.", "And why is that?"),
    _rule("no", r"\A(?:no|nope|not really)\b", "Why not?", "Are you saying no just to be contrary?", "And if it were?"),
    _rule(
        "hello",
        r"\A(?:hello|hi|hey|good (?:morning|afternoon|evening)|greetings)\b",
        "Hello. How do you feel today?",
        "Hello again. What would you like to talk about?",
    ),
)
"""What is listened for, most telling first."""

ECHO = _rule("echo", r"\A\s*say exactly:? ?((?s:.*))")
"""Asks for its own words back, unchanged. It is read from the whole turn, newlines and all."""

OTHER = _rule("other", r"", "Please go on.", "Tell me more about that.", "How does that make you feel?", "I see.")
"""What fits where nothing else does."""

RETURNS = (
    "Earlier {0}. Does that have to do with this?",
    "Let us go back a little. Earlier {0}. Tell me more about that.",
    "I still think of it: {0}. How is that now?",
)
"""What leads back to an earlier topic, when a turn gives nothing to hold on to."""
