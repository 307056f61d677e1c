"""How asyncio learns that a child has ended: by pidfd, in whichever loop started it."""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import TypeVarTuple, Unpack

Values = TypeVarTuple("Values")

if sys.version_info < (3, 12):

    class _PidfdWatcher(asyncio.PidfdChildWatcher):
        """Watches each child in the loop that started it, as asyncio itself does from Python 3.12 on.

        3.11's default starts a thread for each child; its PidfdChildWatcher knows one loop only.
        """

        def is_active(self) -> bool:
            return True

        def attach_loop(self, loop: asyncio.AbstractEventLoop | None) -> None:
            pass

        def add_child_handler(
            self, pid: int, callback: Callable[[int, int, Unpack[Values]], object], *args: *Values
        ) -> None:
            loop = asyncio.get_running_loop()
            descriptor = os.pidfd_open(pid)
            loop.add_reader(descriptor, self._reap, loop, pid, descriptor, callback, args)

        @staticmethod
        def _reap(
            loop: asyncio.AbstractEventLoop,
            pid: int,
            descriptor: int,
            callback: Callable[[int, int, Unpack[Values]], object],
            args: tuple[*Values],
        ) -> None:
            loop.remove_reader(descriptor)
            os.close(descriptor)
            try:
                status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            except ChildProcessError:
                status = 255
            callback(pid, status, *args)

        def remove_child_handler(self, pid: int) -> bool:
            return False

    def watch_children_without_threads() -> None:
        """Makes asyncio watch children by pidfd, unless someone chose another way. Costs nothing when called
        again, so that nobody has to call it at a particular moment."""
        if isinstance(asyncio.get_child_watcher(), asyncio.ThreadedChildWatcher) and _has_pidfd():
            asyncio.set_child_watcher(_PidfdWatcher())

    def _has_pidfd() -> bool:
        try:
            os.close(os.pidfd_open(os.getpid()))
        except (AttributeError, OSError):
            return False
        return True

else:

    def watch_children_without_threads() -> None:
        """Nothing to do: Python 3.12 and later choose such a watcher themselves."""
