"""One part of a running hub as its supervisor sees it: how it starts, whether it answers, how it ends."""

import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hub.gateway import lifeline

# A part that lasted so long is started again at once; one that keeps ending sooner, later and later.
_STEADY_SECONDS: Final = 10.0
_FIRST_PAUSE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 15.0


@dataclass(slots=True)
class Part:
    """One part, and how its starts went so far."""

    name: str
    run: Callable[[], None]
    answers: Callable[[], bool]
    listener: socket.socket | None = None
    stop_seconds: float = 15.0
    pid: int | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    kill_at: float = 0.0
    failures: int = 0

    def start(self, listeners: list[socket.socket]) -> None:
        """Forks the part; of the hub's sockets it keeps its own."""
        foreign = [one for one in listeners if one is not self.listener]

        def run() -> None:
            # What a part does not serve must not stay open because of it.
            for one in foreign:
                one.close()
            self.run()

        self.started_at = time.monotonic()
        self.pid = lifeline.fork(f"hub {self.name}", run)

    def is_due(self) -> bool:
        """Whether the part does not run and its pause is over."""
        return self.pid is None and time.monotonic() >= self.start_again_at

    def ended(self) -> None:
        """Notes that the part is gone, and when it may be started again."""
        self.pid = None
        lasted = time.monotonic() - self.started_at
        self.failures = 0 if lasted > _STEADY_SECONDS else self.failures + 1
        pause = min(_FIRST_PAUSE_SECONDS * 2 ** (self.failures - 2), _LONGEST_PAUSE_SECONDS)
        self.start_again_at = time.monotonic() + (pause if self.failures > 1 else 0)

    def stop(self) -> None:
        """Asks the part to end, and sets the moment when it is made to."""
        if self.pid is not None:
            self.kill_at = time.monotonic() + self.stop_seconds
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Makes the part end."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
