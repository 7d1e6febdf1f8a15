"""Python's cyclic garbage collector while a command loads and afterwards."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG = 10_000
"""Objects made before the young are looked through; Python's own 700 is for small programs."""


@contextmanager
def loading() -> Iterator[None]:
    """Load modules without looking for garbage, of which there is none: it takes a quarter of the time.

    What was loaded stays for good and is never looked through again.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(_YOUNG)
        gc.enable()
