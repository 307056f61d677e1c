"""What runs confined comes back with an answer, or is lost alone."""

import os
import re
import signal

import pytest

from hub.confined import Lost, confined


def test_answer_comes_back_whole() -> None:
    assert confined(lambda: b"x" * 3_000_000, cpu_seconds=5) == b"x" * 3_000_000


def endless() -> bytes:
    while True:
        pass


def endless_expression() -> bytes:
    """One call into C that holds the interpreter."""
    re.match(r"(a|a)*$", "a" * 200 + "b")
    return b""


def greedy() -> bytes:
    return bytes(4 << 30)


def broken() -> bytes:
    raise ValueError("a defect")


def killed() -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b"never"


@pytest.mark.parametrize("function", [endless, endless_expression, greedy, broken, killed])
def test_what_goes_wrong_is_lost_alone(function: object) -> None:
    with pytest.raises(Lost):
        confined(function, cpu_seconds=0.2)  # type: ignore[arg-type]
