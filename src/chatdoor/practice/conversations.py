"""The conversations that a practice site keeps, and what each has heard."""

import secrets
import threading
from collections import OrderedDict, deque
from collections.abc import Sequence

CONVERSATIONS_MOST = 1_000
"""How many conversations are kept, and how many are told of. One more, and the oldest goes."""
TURNS_MOST = 1_000
"""How many turns of a conversation are kept, the last ones."""

Turns = deque[str]


class Conversations:
    """What was said, by the key that finds it. Safe to use from any thread. `begun` counts all there ever were."""

    def __init__(self, most: int = CONVERSATIONS_MOST) -> None:
        self.begun = 0
        self._most = most
        self._kept: OrderedDict[str, Turns] = OrderedDict()
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._told_of: deque[Turns] = deque(maxlen=most)
        self._lock = threading.Lock()

    def begin(self) -> str:
        """The key of a new conversation."""
        key = secrets.token_hex(8)
        with self._lock:
            self._begin(key)
        return key

    def knows(self, key: str) -> bool:
        """Whether there is a conversation under this key."""
        with self._lock:
            return key in self._kept

    def has_ended(self, key: str) -> bool:
        """Whether the conversation of this key was forgotten. Says so once: the key may begin another one."""
        with self._lock:
            ended = key in self._ended
            self._ended.pop(key, None)
            return ended

    def hear(self, key: str, said: Sequence[str]) -> tuple[str, ...]:
        """All turns of this conversation, these included. A key that is new begins one."""
        with self._lock:
            turns = self._kept[key] if key in self._kept else self._begin(key)
            turns.extend(said)
            return tuple(turns)

    def note(self, said: Sequence[str]) -> None:
        """Tells of a conversation that is not kept."""
        with self._lock:
            self.begun += 1
            self._told_of.append(Turns(said, TURNS_MOST))

    def forget(self) -> None:
        """Forgets all conversations. What they heard is still told of."""
        with self._lock:
            self._ended.update(dict.fromkeys(self._kept))
            self._kept.clear()
            while len(self._ended) > self._most:
                self._ended.popitem(last=False)

    def heard(self) -> list[list[str]]:
        """The turns of each conversation, the forgotten ones included, oldest first."""
        with self._lock:
            return [list(turns) for turns in self._told_of]

    def _begin(self, key: str) -> Turns:
        turns = self._kept[key] = Turns(maxlen=TURNS_MOST)
        self._told_of.append(turns)
        self.begun += 1
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return turns
