"""Work for a client that may be cut off when the front stops, for the client can ask for it again."""

import asyncio
from collections.abc import Awaitable, Callable


class Repeatable:
    """What of one kind is under way."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Future[None]] = set()

    async def run(self, work: Awaitable[None], abort: Callable[[], None]) -> None:
        """Does the work to its end. Where it is cut off, `abort` ends the client's connection first: nobody
        takes half an answer for a whole one, and the work, which may be waiting to send, comes to its end."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        try:
            await task
        except asyncio.CancelledError:
            abort()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        finally:
            self._tasks.discard(task)

    def end_all(self) -> None:
        """Cuts off all of it."""
        for task in self._tasks:
            task.cancel()
