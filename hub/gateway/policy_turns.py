"""Keeps long questions from taking every policy process: who may work on one, and what waits its turn."""

import fcntl
import os
import socket
import tempfile
from dataclasses import dataclass
from typing import Final

_MOST_DESCRIPTORS: Final = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as it came in: its connection, its JSON, and the descriptors that travelled with it."""

    connection: socket.socket
    data: bytes
    held: tuple[int, ...]

    def close(self) -> None:
        """Ends the connection and lets go of the descriptors."""
        self.connection.close()
        for descriptor in self.held:
            os.close(descriptor)


class LongTurns:
    """At most `count` long questions at once over all processes that were forked with this object.

    A turn is a byte of a file that is locked by its process (fcntl(2)): the kernel frees it with the
    process, however that ends. A question that finds no turn free waits in a socket pair for whichever
    process frees one, so that a process is never kept waiting itself.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        # Kept open for as long as the object lives, and without a name.
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._put, self._get = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._put.setblocking(False)
        self._get.setblocking(False)

    def fileno(self) -> int:
        """What becomes readable when a question waits."""
        return self._get.fileno()

    def take(self) -> int | None:
        """A turn, or None while all are taken. Not for a process that already has one."""
        for turn in range(self._count):
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, turn)
            except OSError:
                continue
            return turn
        return None

    def has_free(self) -> bool:
        """Whether a turn could be taken at this moment."""
        turn = self.take()
        if turn is not None:
            self.free(turn)
        return turn is not None

    def free(self, turn: int) -> None:
        """Gives the turn back."""
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, turn)

    def defer(self, asked: Asked) -> bool:
        """Puts the question where the next free process finds it; False when too many wait already."""
        with open(os.memfd_create("question"), "w+b") as memory:
            memory.write(asked.data)
            memory.flush()
            try:
                numbers = [asked.connection.fileno(), memory.fileno(), *asked.held]
                socket.send_fds(self._put, [b"."], numbers)
            except BlockingIOError:
                return False
        return True

    def next_deferred(self) -> Asked | None:
        """The question that has waited longest, or None."""
        try:
            _, numbers, _, _ = socket.recv_fds(self._get, 1, _MOST_DESCRIPTORS)
        except BlockingIOError:
            return None
        connection, memory, *held = numbers
        with open(memory, "rb") as file:
            file.seek(0)
            return Asked(socket.socket(fileno=connection), file.read(), tuple(held))
