"""A policy server with scripted answers on a real Unix socket, for tests of the gateway alone."""

import array
import json
import os
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

ZERO = "0" * 40

Question = dict[str, Any]
Answer = dict[str, Any]


@dataclass
class Asked:
    """One question as it came in, and the descriptors that came with it."""

    values: Question
    descriptors: int

    @property
    def question(self) -> str:
        return str(self.values["question"])


@dataclass
class Script:
    """What the policy answers; a test replaces what it cares about. Each may block or raise OSError."""

    gate: Callable[[Question], Answer] = lambda _: {"lines": [], "exit": 0, "packs": []}
    judge: Callable[[Question], Answer] = lambda question: allow_all(question)  # noqa: PLW0108  # defined below
    record: Callable[[Question], Answer] = lambda _: {"lines": []}
    wants: Callable[[Question], Answer] = lambda _: {"refused": [], "state": "0" * 64}
    asked: list[Asked] = field(default_factory=list)

    def questions(self) -> list[str]:
        """The names of the questions so far."""
        return [one.question for one in self.asked]


def allow_all(question: Question, lines: tuple[str, ...] = ()) -> Answer:
    """The judge that lets git move every ref."""
    answers = [[ref, "ok", ["fall-through"]] for _, _, ref in question["commands"]]
    return {"answers": answers, "intent": True, "lines": list(lines)}


def refuse_all(question: Question, reason: str, lines: tuple[str, ...] = ()) -> Answer:
    """The judge that lets nothing move."""
    answers = [[ref, "ng", reason] for _, _, ref in question["commands"]]
    return {"answers": answers, "intent": False, "lines": list(lines)}


def tips_only(directory: Path) -> Callable[[Question], Answer]:
    """A `wants` answer that allows the tips of refs outside refs/hub, read at each question."""

    def wants(question: Question) -> Answer:
        command = ["git", "-C", str(directory), "for-each-ref", "--format=%(objectname) %(refname)"]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        tips = {line.split()[0] for line in lines if not line.split()[1].startswith("refs/hub/")}
        refused = [one for one in question["wants"] if one not in tips]
        return {"refused": refused, "state": str(hash(tuple(lines)))}

    return wants


class ScriptedPolicy:
    """The server: one thread per question."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.script = Script()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self._threads: list[threading.Thread] = []
        self._is_open = True
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._is_open = False
        with socket.socket(socket.AF_UNIX) as last:  # wakes accept()
            last.connect(str(self.path))
        self._accepting.join()
        for thread in self._threads:
            thread.join()
        self._listener.close()
        self.path.unlink()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if not self._is_open:
                connection.close()
                return
            thread = threading.Thread(target=self._answer, args=(connection,))
            thread.start()
            self._threads.append(thread)

    def _answer(self, connection: socket.socket) -> None:
        descriptors: list[int] = []
        with connection:
            try:
                values, descriptors = _read_question(connection)
                asked = Asked(values, len(descriptors))
                self.script.asked.append(asked)
                data = json.dumps(self._scripted(asked)).encode()
                connection.sendall(struct.pack("!I", len(data)) + data)
            except OSError:
                pass  # the gateway gave up waiting
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)

    def _scripted(self, asked: Asked) -> Answer:
        try:
            answer: Answer = getattr(self.script, asked.question)(asked.values)
        except OSError as error:
            return {"error": str(error)}
        return answer


def _read_question(connection: socket.socket) -> tuple[Question, list[int]]:
    descriptors = array.array("i")
    header, ancillary, _, _ = connection.recvmsg(4, socket.CMSG_SPACE(4 * descriptors.itemsize))
    for _, _, data in ancillary:
        descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    (size,) = struct.unpack("!I", header)
    body = b""
    while len(body) < size:
        body += connection.recv(size - len(body))
    return json.loads(body), list(descriptors)


def wait_until(condition: Callable[[], bool], seconds: float = 120) -> bool:
    """Whether the condition came true in time, which is long enough for a slow machine with other work."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return condition()
