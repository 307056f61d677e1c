"""The policy processes: a forked pool on one Unix socket that judges and records pushes.

One connection is one question: four bytes of length and JSON, both ways. The descriptors that come with a
question are open for as long as it is worked on.
"""

import contextlib
import gc
import json
import os
import select
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import text as sql

from hub.access import Viewer
from hub.app import Hub
from hub.db import Database
from hub.gateway import lifeline
from hub.gateway.policy_turns import Asked, LongTurns
from hub.repos import receive

QUESTIONS_PER_PROCESS: Final = 5000
_READ_SECONDS: Final = 10
_RECHECK_SECONDS: Final = 0.2
_STOP_SECONDS: Final = 10
_LONGEST_QUESTION_BYTES: Final = 64 << 20
_MOST_DESCRIPTORS: Final = 4
# A process that dies sooner than this after its start is replaced with a pause.
_HASTY_SECONDS: Final = 1.0

Values = dict[str, Any]  # Any: JSON, whose shape each question defines

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Question:
    """What is done for one kind of question.

    After `deadline_seconds` the kernel ends the process, whatever C code it is in, and with it the question;
    the asking side gives up earlier, and `judge` looks at its own deadline before it commits. Of those that
    may take `is_long`, there are never so many at once that no process is left for the others.
    """

    answer: Callable[[Database, Values], Values]
    deadline_seconds: float
    is_long: bool = False


def _gate(database: Database, ask: Values) -> Values:
    answer = receive.gate(database, _push(ask), ask["quarantine"])
    return {"lines": answer.lines, "exit": 0 if answer.accepted else 1, "packs": answer.packs}


def _judge(database: Database, ask: Values) -> Values:
    judgement = receive.judge(
        database,
        _push(ask),
        [(old, new, ref) for old, new, ref in ask["commands"]],
        options=[(key, value) for key, value in ask["options"]],
        atomic=ask["atomic"],
        packs=ask["packs"],
        deadline=ask["deadline"],
    )
    return {"answers": judgement.answers, "intent": judgement.intent, "lines": judgement.lines}


def _record(database: Database, ask: Values) -> Values:
    return {"lines": receive.record(database, ask["push"], ask["repository_id"])}


def _wants(database: Database, ask: Values) -> Values:
    answer = receive.check_wants(
        database,
        ask["repository_id"],
        ask["wants"],
        tips_only=ask.get("tips_only", False),
        with_journal=ask.get("with_journal", False),
    )
    return {"refused": answer.refused, "state": answer.state}


def _ready(database: Database, _: Values) -> Values:
    with database.reading() as session:
        session.execute(sql("SELECT 1"))
    return {}


def _push(ask: Values) -> receive.PushContext:
    return receive.PushContext(
        push_id=ask["push"],
        repository_id=ask["repository_id"],
        viewer=Viewer.from_dict(ask["viewer"]),
        base_url=ask.get("base_url", ""),
    )


QUESTIONS: Final[Mapping[str, Question]] = {
    "gate": Question(_gate, 900, is_long=True),
    "wants": Question(_wants, 300, is_long=True),
    "judge": Question(_judge, 120),
    "record": Question(_record, 120),
    "ready": Question(_ready, 10),
}


class Pool:
    """The process that forks those which answer, and replaces each that ends."""

    def __init__(
        self, hub: Hub, listener: socket.socket, questions: Mapping[str, Question] = QUESTIONS
    ) -> None:
        self._hub = hub
        self._questions = questions
        self._listener = listener
        size = max(2, hub.config.policy_processes)
        self._size = size
        self._turns = LongTurns(size - 1)
        self._started: dict[int, float] = {}

    def run(self) -> None:
        """Works until a signal to stop; a question being answered is answered first."""
        lifeline.hold_signals()
        # When a process dies, the git commands that it waited for must not go on without its descriptors.
        lifeline.adopt_orphans()
        self._hub.database.dispose()
        gc.freeze()
        reconciler = lifeline.fork("hub reconcile", self._reconcile)
        while True:
            while len(self._started) < self._size:
                child = lifeline.fork("hub judge", self._answer_questions)
                self._started[child] = time.monotonic()
            found = lifeline.wait_for_signal(1.0)
            if found in lifeline.STOP_SIGNALS:
                return self._stop()
            for child, status in lifeline.reap():
                reconciler = 0 if child == reconciler else reconciler
                self._bury(child, status)
            self._end_orphans(reconciler)

    def _bury(self, child: int, status: int) -> None:
        started = self._started.pop(child, None)
        if started is None or status == 0:
            return
        log.warning("policy_process_died", pid=child, status=status)
        if time.monotonic() - started < _HASTY_SECONDS:
            time.sleep(_HASTY_SECONDS)

    def _end_orphans(self, reconciler: int) -> None:
        for orphan in lifeline.children() - self._started.keys() - {reconciler}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(orphan, signal.SIGKILL)

    def _stop(self) -> None:
        left = lifeline.children() | self._started.keys()
        for child in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)
        ends_at = time.monotonic() + _STOP_SECONDS
        while left and time.monotonic() < ends_at:
            lifeline.wait_for_signal(0.1)
            left -= {child for child, _ in lifeline.reap()}

    def _reconcile(self) -> None:
        self._listener.close()
        receive.reconcile_all(self._hub.database)

    def _answer_questions(self) -> None:
        answerer = Answerer(self._hub.database, self._listener, self._turns, self._questions)
        for _ in range(QUESTIONS_PER_PROCESS):
            answerer.answer_next()


class Answerer:
    """One policy process: takes a question, answers it, takes the next."""

    def __init__(
        self,
        database: Database,
        listener: socket.socket,
        turns: LongTurns,
        questions: Mapping[str, Question],
    ) -> None:
        self._database = database
        self._listener = listener
        self._turns = turns
        self._questions = questions
        # SIGTERM ends the process only while it waits; what is being answered is answered.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def answer_next(self) -> None:
        """Waits for one question and deals with it."""
        asked = self._next()
        if asked is None:
            return
        try:
            self._deal_with(asked)
        except (OSError, ValueError, LookupError, TypeError) as error:
            log.warning("policy_question_failed", error=repr(error))
        finally:
            asked.close()

    def _next(self) -> Asked | None:
        may_be_long = self._turns.has_free()
        sources: list[LongTurns | socket.socket] = [self._turns, self._listener]
        if not may_be_long:
            sources.remove(self._turns)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        # While all turns are taken, what is deferred waits for those who have them; and for this process,
        # if they are at work on something else by then.
        ready, _, _ = select.select(sources, [], [], None if may_be_long else _RECHECK_SECONDS)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        if self._turns in ready:
            return self._turns.next_deferred()
        return self._accept() if ready else None

    def _accept(self) -> Asked | None:
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:  # another process was quicker
            return None
        held: list[int] = []
        try:
            connection.settimeout(_READ_SECONDS)
            header, held, _, _ = socket.recv_fds(connection, 4, _MOST_DESCRIPTORS)
            header += _read(connection, 4 - len(header))
            (size,) = struct.unpack("!I", header)
            if size > _LONGEST_QUESTION_BYTES:
                raise ValueError(f"a question of {size} bytes")
            return Asked(connection, _read(connection, size), tuple(held))
        except (OSError, EOFError, ValueError) as error:
            log.debug("policy_question_unread", error=repr(error))
            Asked(connection, b"", tuple(held)).close()
            return None

    def _deal_with(self, asked: Asked) -> None:
        ask = json.loads(asked.data)
        question = self._questions.get(ask["question"])
        if question is None:
            return _send(asked.connection, {"error": f"there is no question {ask['question']}"})
        if not question.is_long:
            return self._reply(asked, question, ask)
        turn = self._turns.take()
        if turn is None:
            if not self._turns.defer(asked):
                _send(asked.connection, {"error": "too many questions wait"})
            return None
        try:
            self._reply(asked, question, ask)
        finally:
            self._turns.free(turn)
        return None

    def _reply(self, asked: Asked, question: Question, ask: Values) -> None:
        try:
            with _deadline(question.deadline_seconds):
                answer = question.answer(self._database, ask)
        except Exception as error:  # the edge: whatever goes wrong, the asking side must hear of it
            log.exception("policy_question_failed", question=ask["question"], push=ask.get("push"))
            answer = {"error": f"{type(error).__name__}: {error}"}
        _send(asked.connection, answer)


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    # SIGALRM is not handled: a handler would run only once the C code at work returns.
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _read(connection: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = connection.recv(min(size - len(data), 1 << 20))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


def _send(connection: socket.socket, answer: Values) -> None:
    data = json.dumps(answer).encode()
    connection.settimeout(_READ_SECONDS)
    connection.sendall(struct.pack("!I", len(data)) + data)
