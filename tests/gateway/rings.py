"""What is left to the garbage collector: rings of objects, which hold their memory until it comes."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def left_in_rings(*kinds: type) -> Iterator[list[object]]:
    """A list that, after the block, holds what the block left to the collector of these kinds."""
    held: list[object] = []
    gc.collect()
    gc.disable()
    try:
        yield held
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        held += [each for each in gc.garbage if isinstance(each, kinds)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
