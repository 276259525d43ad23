"""Which secrets a text holds as they are, and which below base64 and hex."""

from collections.abc import Iterator, Mapping, Sequence

from chatdoor.discover.scrub.entries import MIN_DECODED, Entry
from chatdoor.discover.scrub.index import Index
from chatdoor.discover.scrub.spellings import packed_runs, unpacked

_MAX_CLEAN = 500_000


class Packed:
    """Looks for secrets, by their number. A run of base64 that holds none is not looked at again."""

    def __init__(self, index: Index, entries: Sequence[Entry]) -> None:
        self._index = index
        self._entries = entries
        shortest = min((len(each.secret.value) for each in entries if each.is_decodable), default=0)
        self._least = max(8, shortest * 4 // 3) if shortest else 0
        self._clean: set[str] = set()

    def values(self, view: str) -> set[int]:
        """The secrets that stand in a text as they are."""
        found = {anchor.number for anchor, at in self._index.places(view) if self._is_at(anchor.number, view, at - anchor.at)}
        return found | {number for number in self._index.rare if self._is_in(number, view)}

    def below(self, view: str) -> set[int]:
        """The secrets that stand in what base64 or hex in a text says."""
        return {number for numbers in self.runs(view).values() for number in numbers}

    def runs(self, view: str) -> Mapping[str, Sequence[int]]:
        """The runs of base64 or hex in a text that hold secrets, and which."""
        unknown = packed_runs(view, self._least) - self._clean if self._least else set()
        if not unknown:
            return {}
        says = {run: "\n".join(unpacked(run)) for run in unknown}
        if not any(True for _ in self._found("\n".join(says.values()))):
            self._remember(unknown)
            return {}
        dirty = {run: found for run, text in says.items() if (found := list(self._found(text)))}
        self._remember(unknown - dirty.keys())
        return dirty

    def _remember(self, clean: set[str]) -> None:
        if len(self._clean) > _MAX_CLEAN:
            self._clean.clear()
        self._clean.update(run for run in clean if len(run) < 400)

    def _found(self, text: str) -> Iterator[int]:
        return (number for number in self.values(text) if len(self._entries[number].secret.value) >= MIN_DECODED)

    def _is_at(self, number: int, view: str, start: int) -> bool:
        entry = self._entries[number]
        value = entry.secret.value
        if start < 0 or not view.startswith(value, start):
            return False
        end = start + len(value)
        return not (entry.is_word and (view[start - 1 : start].isalnum() or view[end : end + 1].isalnum()))

    def _is_in(self, number: int, view: str) -> bool:
        """Whether a value without an anchor stands there."""
        start = view.find(self._entries[number].secret.value)
        while start >= 0:
            if self._is_at(number, view, start):
                return True
            start = view.find(self._entries[number].secret.value, start + 1)
        return False
