"""The conversation with git's hooks during one push, over pipes that git inherits.

A hook is a dash script of a dozen lines, because starting an interpreter for each push would cost more than
the push. `pre-receive` asks and waits for lines and an exit status; `proc-receive` relays git's packet lines
(githooks(5)). What they ask is answered by the policy processes. There is no `post-receive`: git has moved
the refs when it ends, and the report is held until then in any case.
"""

import asyncio
import os
import re
import secrets
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib import resources
from pathlib import Path
from typing import Any

from hub.errors import HubError
from hub.gateway.git_child import LOGGER
from hub.gateway.git_service import GitTarget, RepositoryPolicy, slots
from hub.gateway.pipes import reading, writing
from hub.gateway.pktline import FLUSH, packet, read_packet
from hub.gateway.policy_client import ask
from hub.gateway.queues import RepositoryQueue
from hub.gateway.renewal import Renew, find_refusal

NOT_RECORDED = "stored, not recorded; fetch before you push again"
UNAVAILABLE = "the hub cannot judge this push now; push again"
NO_ACCESS = "no write access any more"

_HOOKS = ("pre-receive", "proc-receive")
_QUESTION_BYTES = 1 << 20
_GATE_SECONDS = 600.0
_RECORD_SECONDS = 60.0
_JUDGE_SECONDS = 60.0
# The policy process gives up before we do: an answer that is not waited for any more must not commit.
_JUDGE_DEADLINE_SECONDS = 50.0
_QUEUE_SECONDS = 600.0
# Whoever was let in so lately is judged as what they were then, but for their role and account.
_MOMENT_SECONDS = 1.0

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# git ends a name at the first space: what follows would be read as a reason, and the name as another ref's.
_UNSPEAKABLE = re.compile(r"[\x00-\x20\x7f]")


def install_hooks(run_directory: Path) -> Path:
    """Copies the hooks into `<run_directory>/hooks` and returns that folder, for RepositoryPolicy.hooks.

    Called at start by every process that serves git: a wheel may lose the executable bit, and a package
    need not be a folder at all.
    """
    folder = run_directory / "hooks"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in _HOOKS:
        draft = folder / f".{name}.{os.getpid()}"
        draft.write_bytes(resources.files("hub.gateway.hooks").joinpath(name).read_bytes())
        draft.chmod(0o755)
        draft.replace(folder / name)
    for path in folder.iterdir():  # what an earlier version left would be run as well
        if not path.name.startswith(".") and path.name not in _HOOKS:
            path.unlink(missing_ok=True)
    return folder


class Intent(Enum):
    """What is known of the intent to move refs that the judge commits before git moves them."""

    NONE = "none"
    COMMITTED = "committed"
    UNKNOWN = "unknown"
    """The question was not answered: it may have been committed, which the record settles."""


@dataclass(frozen=True, slots=True)
class _Commands:
    """What proc-receive learns of a push: each command's `[old, new, ref]`, each option's `[key, value]`."""

    commands: list[list[str]]
    options: list[list[str]]
    is_atomic: bool

    @property
    def refs(self) -> list[str]:
        return [ref for _, _, ref in self.commands]


class Conversation:
    """One push's talk with its hooks, its place in the repository's queue, and what came of it."""

    def __init__(self, target: GitTarget, policy: RepositoryPolicy, renew: Renew | None = None) -> None:
        self._policy = policy
        self._target = target
        self._renew = renew
        self._begun_at = time.monotonic()
        self._limits = target.limits
        self._queue = RepositoryQueue(target.directory)
        self._push_id = secrets.token_hex(16)
        self._intent = Intent.NONE
        self._is_aborted = False
        self._packs: list[str] = []
        self._theirs: list[int] = []
        self.is_accepted = False
        """Whether the content was let in: from then on the push is led to its end."""
        self.failure: str | None = None
        """Why the report must not say `ok`."""
        self.lines: list[str] = []
        """What is said to the pusher besides each ref's answer: by the judge, and by the record."""

    async def open(self) -> None:
        """Waits for a sweep of the repository to end, and makes the pipes."""
        await self._queue.enter()
        asks, ask_end = os.pipe()
        tell_end, tells = os.pipe()
        answer_end, answers = os.pipe()
        self._theirs = [ask_end, tell_end, answer_end]
        self._asks, self._transport = await reading(os.fdopen(asks, "rb", buffering=0), _QUESTION_BYTES)
        self._tells = await writing(os.fdopen(tells, "wb", buffering=0))
        self._answers = await writing(os.fdopen(answers, "wb", buffering=0))

    @property
    def environment(self) -> dict[str, str]:
        """Where the hooks find their ends of the pipes."""
        return dict(zip(("HUB_ASK", "HUB_TELL", "HUB_ANSWER"), map(str, self._theirs), strict=True))

    @property
    def descriptors(self) -> list[int]:
        """What git has to inherit."""
        return [*self._theirs, *self._queue.descriptors]

    def begin(self) -> None:
        """Called when git has started: only it holds its ends of the pipes now, and their end is its end."""
        self._close_theirs()
        self._task = asyncio.create_task(self._converse())

    def abort(self) -> None:
        """The client's body ended early: pre-receive, if git still reaches it, refuses.

        git alone would go on if only the body's last chunk were missing.
        """
        self._is_aborted = True

    async def ended(self) -> None:
        """Called after git's exit: what it moved is recorded now, whatever its exit was."""
        await self._task
        if self._intent is not Intent.NONE:
            await self._record()

    def close(self) -> None:
        """Closes whatever is open."""
        self._close_theirs()
        if hasattr(self, "_task"):
            self._task.cancel()
        if hasattr(self, "_asks"):
            self._close_pipes()
        self._queue.close()

    def _close_theirs(self) -> None:
        while self._theirs:
            os.close(self._theirs.pop())

    def _close_pipes(self) -> None:
        self._transport.close()
        self._tells.close()
        self._answers.close()

    async def _converse(self) -> None:
        try:
            while name := (await self._asks.readline()).strip():
                await self._answer(name)
        except (EOFError, OSError, ValueError) as error:
            # git or a hook died in the middle of a question; what was committed is settled by `ended`.
            LOGGER.warning("push to %s: the hooks broke off: %r", self._policy.name, error)
        finally:
            # A hook that still waits reads an end of file and refuses, instead of waiting for ever.
            self._close_pipes()

    async def _answer(self, name: bytes) -> None:
        if name == b"proc-receive":
            await self._proc_receive()
            return
        quarantine = (await self._asks.readline()).decode("utf-8", "surrogateescape").removesuffix("\n")
        await self._pre_receive(quarantine)

    async def _ask(self, question: str, timeout: float, **values: object) -> dict[str, Any]:
        # Any: JSON, whose shape each question defines.
        return await ask(
            self._policy.socket,
            question,
            self._queue.descriptors,
            timeout,
            push=self._push_id,
            repository_id=self._policy.repository_id,
            **values,
        )

    async def _tell(self, lines: Iterable[str], status: int) -> None:
        # A text could come from a file's name: it must not read as the line that ends the hook.
        text = "".join(f" {_CONTROL.sub('?', line)}\n" for line in lines)
        self._tells.write(text.encode("utf-8", "replace") + b"exit %d\n" % status)
        await self._tells.drain()

    async def _pre_receive(self, quarantine: str) -> None:
        try:
            # Examining content may take long; one process at least stays free for short questions.
            async with slots(f"content {self._policy.socket}", self._limits.content_checks):
                answer = await self._gate(quarantine)
        except OSError as error:
            LOGGER.error("push to %s refused: %s", self._policy.name, error)
            await self._tell([UNAVAILABLE], 1)
            return
        self._packs = answer["packs"]
        self.is_accepted = answer["exit"] == 0 and not self._is_aborted
        await self._tell(answer["lines"], 0 if self.is_accepted else 1)

    async def _gate(self, quarantine: str) -> dict[str, Any]:
        if self._is_aborted:
            return {"lines": [], "exit": 1, "packs": []}
        viewer = dict(self._policy.viewer)
        return await self._ask("gate", _GATE_SECONDS, viewer=viewer, quarantine=quarantine)

    async def _proc_receive(self) -> None:
        commands = await self._read_commands()
        answers = await self._judge(commands)
        self._answers.write(_answer_packets(commands.refs, answers))
        await self._answers.drain()
        self._answers.close()

    async def _read_commands(self) -> _Commands:
        hello = await read_packet(self._asks) or b""
        await read_packet(self._asks)
        features = hello.partition(b"\0")[2].split()
        has_options = b"push-options" in features
        # git sends its commands only after it was answered, and options only where both named them.
        self._answers.write(packet(b"version=1\0push-options\n" if has_options else b"version=1\n") + FLUSH)
        await self._answers.drain()
        commands = [line.split(" ", 2) for line in await self._read_lines()]
        options = [line.partition("=") for line in (await self._read_lines() if has_options else [])]
        return _Commands(commands, [[key, value] for key, _, value in options], b"atomic" in features)

    async def _read_lines(self) -> list[str]:
        # Nothing is stripped: git ends these packets with no line feed, so one that stands there is part of
        # a name, which must not be taken for another ref's.
        lines = []
        while (line := await read_packet(self._asks)) is not None:
            lines.append(line.decode("utf-8", "surrogateescape"))
        return lines

    async def _judge(self, push: _Commands) -> Sequence[Sequence[Any]]:
        """Answers `[ref, "ok" | "ng", options | reason]`; the queue is held while there is an intent."""
        unavailable = [[ref, "ng", UNAVAILABLE] for ref in push.refs]
        try:
            async with asyncio.timeout(_QUEUE_SECONDS):
                await self._queue.take()
        except OSError as error:
            LOGGER.error("push to %s: no turn in the queue: %r", self._policy.name, error)
            return unavailable
        refusal = await self._find_refusal()
        if refusal is not None:
            self._queue.free()
            self.lines = [_CONTROL.sub("?", line) for line in refusal.as_text().splitlines()]
            return [[ref, "ng", NO_ACCESS] for ref in push.refs]
        self._intent = Intent.UNKNOWN
        try:
            answer = await self._ask(
                "judge",
                _JUDGE_SECONDS,
                viewer=dict(self._policy.viewer),
                commands=push.commands,
                options=push.options,
                atomic=push.is_atomic,
                packs=self._packs,
                deadline=time.monotonic() + _JUDGE_DEADLINE_SECONDS,
                base_url=self._policy.base_url,
            )
        except OSError as error:
            LOGGER.error("push to %s refused: %s", self._policy.name, error)
            return unavailable
        self.lines = [_CONTROL.sub("?", line) for line in answer["lines"]]
        self._intent = Intent.COMMITTED if answer["intent"] else Intent.NONE
        if self._intent is Intent.NONE:
            self._queue.free()
        judged: Sequence[Sequence[Any]] = answer["answers"]
        return judged

    async def _find_refusal(self) -> HubError | None:
        """Why the client may not push any more, or None; asked only if the push took more than a moment."""
        if self._renew is None or time.monotonic() - self._begun_at < _MOMENT_SECONDS:
            return None
        return await find_refusal(self._target, self._renew)

    async def _record(self) -> None:
        """Has the push recorded and gives the turn to the next one."""
        try:
            answer = await self._ask("record", _RECORD_SECONDS)
        except OSError as error:
            LOGGER.error("push to %s is stored and not recorded: %s", self._policy.name, error)
            # With an unknown intent every ref was refused already.
            self.failure = NOT_RECORDED if self._intent is Intent.COMMITTED else None
            self._queue.let_go()
        else:
            self.lines += [_CONTROL.sub("?", line) for line in answer["lines"]]
            self._queue.free()


def _answer_packets(refs: Sequence[str], answers: Iterable[Sequence[Any]]) -> bytes:
    """The answers as git reads them. A name that git would read as another one is never spoken, and none is
    allowed that was pushed twice, as one answer is for both. The judge sees to it; this is a second wall."""
    counts = Counter(refs)
    out = []
    for ref, verdict, detail in answers:
        if _UNSPEAKABLE.search(ref) or ref not in counts:
            continue
        name = ref.encode("utf-8", "surrogateescape")
        if verdict == "ok" and counts[ref] == 1:
            out.append(packet(b"ok " + name))
            out += [packet(b"option " + option.encode()) for option in detail]
        else:
            reason = detail if isinstance(detail, str) else "named twice in one push"
            out.append(packet(b"ng %s %s" % (name, _CONTROL.sub("?", reason).encode("utf-8", "replace"))))
    return b"".join(out) + FLUSH
