"""Python's search for cycles of garbage, as little of it as a process that deals with messages needs."""

import gc

_NEW_OBJECTS = 50_000


def keep_what_is_loaded() -> None:
    """What is loaded until now is never looked at again, and new objects only now and then."""
    gc.freeze()
    # Messages hold no cycles: looking for garbage after every 700 new objects (CPython's default) costs a tenth.
    gc.set_threshold(_NEW_OBJECTS)
