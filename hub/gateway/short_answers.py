"""Short answers of git that follow from what is known before it is started, kept in memory: so the two small
requests before each clone start no process."""

from collections import OrderedDict

from hub.gateway.loop_local import LoopLocal

MAX_BYTES = 64 << 10
_MAX_ANSWERS = 512


class ShortAnswers:
    """The answers that one loop keeps; the one unused for longest goes first."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, bytes] = OrderedDict()

    def find(self, key: str) -> bytes | None:
        """The answer kept under `key`."""
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
        return answer

    def keep(self, key: str, answer: bytes) -> None:
        """Keeps a whole answer, unless it is long."""
        if len(answer) > MAX_BYTES:
            return
        self._answers[key] = answer
        if len(self._answers) > _MAX_ANSWERS:
            self._answers.popitem(last=False)


_answers: LoopLocal[ShortAnswers] = LoopLocal(ShortAnswers)


def short_answers() -> ShortAnswers:
    """The running loop's short answers."""
    return _answers.get()
