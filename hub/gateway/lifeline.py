"""Processes that the hub starts: forked with clean signals, named, and gone when their parent is gone."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from hub.errors import HubError

# prctl(2); Python has no call for it.
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15
_PR_SET_CHILD_SUBREAPER: Final = 36

STOP_SIGNALS: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
_AWAITED: Final = STOP_SIGNALS | {signal.SIGCHLD}

log = structlog.get_logger(__name__)
_libc = ctypes.CDLL(None, use_errno=True)


def fork(name: str, work: Callable[[], None]) -> int:
    """The id of a child that does `work` and ends; the kernel kills it as soon as this process is gone.

    The child hears SIGTERM but not the terminal's Ctrl-C, which reaches every process of the group at once
    and would end the parts in no order.
    """
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        end_with_parent(parent)
        name_process(name)
        _reset_signals()
        work()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except HubError as error:
        log.error("process_failed", name=name, reason=error.as_text())
    except BaseException:
        log.exception("process_failed", name=name)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def end_with_parent(parent: int) -> None:
    """Has the kernel kill this process when the thread that forked it, the parent's only one, is gone."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def name_process(name: str) -> None:
    """Shows `name` (15 characters count) in `top` and `ps -o comm`."""
    _libc.prctl(_PR_SET_NAME, name.encode())


def adopt_orphans() -> None:
    """Makes grandchildren whose parent dies children of this process, which can then end them."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _reset_signals() -> None:
    for number in (*_AWAITED, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGINT})


def hold_signals() -> None:
    """Keeps the signals that `wait_for_signal` returns from doing anything by themselves."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)


def wait_for_signal(seconds: float) -> signal.Signals | None:
    """The next signal to stop, or SIGCHLD when a child ended, or None after so long."""
    found = signal.sigtimedwait(_AWAITED, seconds)
    return None if found is None else signal.Signals(found.si_signo)


def reap() -> list[tuple[int, int]]:
    """Every child that has ended since the last call: its id and its exit status, below 0 for a signal."""
    ended: list[tuple[int, int]] = []
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if child == 0:
            return ended
        ended.append((child, os.waitstatus_to_exitcode(status)))


def children() -> set[int]:
    """The ids of this process's own children, adopted ones included; empty where the kernel does not tell
    (CONFIG_PROC_CHILDREN)."""
    try:
        listing = Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii")
    except FileNotFoundError:
        return set()
    return {int(number) for number in listing.split()}
