"""When Python looks for garbage while tests run: what is there before the first test is none."""

import gc

# Each test makes an application and drops it, all of it in cycles: looking rarely finds as much at once.
_NEW_OBJECTS = 50_000


def wait() -> None:
    """Looks for none while tests are collected: what is made then stays."""
    gc.disable()


def look() -> None:
    """From here on looks at what is made from here on."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)
    gc.enable()
