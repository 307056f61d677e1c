"""What builds addresses, compiled once for all the applications of a test run."""

from collections.abc import Callable
from typing import Final

from werkzeug.routing import Rule

Builder = Callable[..., tuple[str, str]]

_compile: Final = Rule._compile_builder
_compiled: Final[dict[tuple[object, ...], Builder]] = {}


def install() -> None:
    """Has every application of this process take what another one has compiled for the same rule.

    What is compiled finds converters in the rule that it is bound to, so that only its text counts.
    """
    Rule._compile_builder = _compile_once  # type: ignore[method-assign]  # for the tests' process only


def _compile_once(rule: Rule, append_unknown: bool = True) -> Builder:
    key = (rule.rule, rule.subdomain, repr(rule.defaults), append_unknown)
    if key not in _compiled:
        _compiled[key] = _compile(rule, append_unknown)
    return _compiled[key]
