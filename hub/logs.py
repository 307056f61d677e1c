"""What the hub writes about itself: structured lines on standard error, with the request they belong to."""

import logging
import re
import sys
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from hub.config import Config

# An access token as `hub.accounts.credentials` makes them; one that is logged by mistake is cut short.
_TOKEN: Final = re.compile(r"(hub_[A-Za-z0-9_-]{4})[A-Za-z0-9_-]{39}")
# The code of the link that makes the first administrator stands in its path.
_SETUP_LINK: Final = re.compile(r"(/-/setup/)[^\s/?]+")
# What would steer the terminal of whoever reads the log, or begin a line of its own.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class _Handler(logging.StreamHandler[TextIO]):
    """Ours among the handlers of the root logger, so that a second `configure` replaces it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]  # as in logging.lastResort
        """Standard error as it is now, not as it was when the process began."""
        return sys.stderr


def configure(config: Config) -> None:
    """Sends this process's log lines, those of libraries included, to standard error in the chosen form."""
    level = logging.getLevelNamesMapping().get(config.log_level.upper(), logging.INFO)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
        escape_controls,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = _Handler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(config)],
        )
    )
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if not isinstance(one, _Handler)] + [handler]
    root.setLevel(level)


def _renderer(config: Config) -> Processor:
    if config.log_format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=False, sort_keys=False, pad_event_to=0)


def bind(request_id: str) -> None:
    """Has every further line of this thread or task carry the id; forgets the one before."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)


def hide_secrets(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """The line with every access token, and the code of every set-up link, in its texts cut short."""
    for name, value in line.items():
        if isinstance(value, str):
            line[name] = _SETUP_LINK.sub(r"\1...", _TOKEN.sub(r"\1...", value))
    return line


def escape_controls(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """The line with the control characters in its texts written out; a traceback keeps its lines."""
    for name, value in line.items():
        if isinstance(value, str) and _CONTROL.search(value):
            lines = value.split("\n") if name == "exception" else [value]
            line[name] = "\n".join(_CONTROL.sub(_escaped, one) for one in lines)
    return line


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
