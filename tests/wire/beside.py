"""Programs that run beside a test and end with it, however it ends."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any


@contextmanager
def beside(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Starts the command; what is left of it at the end of the block is killed, waited for and closed.

    `options` are those of subprocess.Popen. Its own `with` waits for a program that nobody ends, and one
    that is bound to a name alone is collected, with a warning, in whichever test runs next.
    """
    process = subprocess.Popen(command, **options)
    try:
        yield process
    finally:
        process.kill()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with suppress(BrokenPipeError):  # what was written last went to nobody
                    stream.close()
        process.wait()
