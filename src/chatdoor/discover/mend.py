"""Mending a draft by what the live site answers: which trial comes next, and what its outcome means. All of it is pure.

First the draft is made to work: tokens that the recording hides get a source. Then it is made short: headers and tokens
that nothing depends on go. Then it is asked who remembers. Each change rests on an answer, which its line names.
"""

from chatdoor.discover.clues import Clues
from chatdoor.discover.mend_bench import Bench
from chatdoor.discover.mend_need import Needs
from chatdoor.discover.mend_settle import Settling
from chatdoor.discover.mend_trial import Trials


def mend(bench: Bench, clues: Clues, held: frozenset[str] = frozenset()) -> Trials:
    """The trials of a draft, one by one. What they have shown so far stands in `bench`, wherever they are ended.

    `held` are the environment variables that hold something.
    """
    yield from Settling(bench, clues, held).trials()
    if bench.works:
        yield from Needs(bench, clues).trials()
