"""The processes of a running hub, as the kernel lists them."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from tests.served import Served
from tests.wire.scripted_policy import wait_until


@dataclass(frozen=True, slots=True)
class Process:
    """One running process."""

    id: int
    name: str
    parent: int


def processes(served: Served) -> list[Process]:
    """Every living process of the hub's group: its parts, their workers, git and its hooks."""
    assert served.process is not None
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:  # it ended meanwhile
            continue
        name, rest = stat[stat.index("(") + 1 : stat.rindex(")")], stat[stat.rindex(")") + 2 :].split()
        state, parent, group = rest[0], int(rest[1]), int(rest[2])
        if group == served.process.pid and state not in "ZX":
            found.append(Process(int(entry.name), name, parent))
    return found


def named(served: Served, name: str) -> list[int]:
    """The ids of the hub's processes of that name, such as `hub front` or `git`.

    A child that was just forked bears its parent's name until it runs its own program: it is not meant.
    """
    found = {one.id: one for one in processes(served)}
    same = {one.id for one in found.values() if one.name == name}
    return [number for number in same if found[number].parent not in same]


def has_git(served: Served) -> bool:
    """Whether a git process of the hub runs."""
    return bool(named(served, "git"))


def part_of(served: Served, name: str) -> int:
    """The id of the part of that name: a child of the supervisor, and no child of the part itself."""
    assert served.process is not None
    supervisor = served.process.pid
    (part,) = [one.id for one in processes(served) if one.name == name and one.parent == supervisor]
    return part


def kill_part(served: Served, name: str) -> None:
    """Ends one part at once, as the kernel does when memory runs out, and waits until it is gone."""
    part = part_of(served, name)
    os.kill(part, signal.SIGKILL)
    assert wait_until(lambda: part not in named(served, name))


def holders(served: Served, file: Path) -> set[str]:
    """The names of the hub's processes that have this file open."""
    return {one.name for one in processes(served) if _has_open(one.id, file)}


def _has_open(process: int, file: Path) -> bool:
    try:
        return any(os.readlink(one) == str(file) for one in Path(f"/proc/{process}/fd").iterdir())
    except OSError:  # it ended meanwhile, or closed the one we look at
        return False
