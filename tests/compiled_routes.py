"""What matches and builds addresses, compiled once for all the applications of a test run."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any, Final

from werkzeug.routing import Rule

_compile: Final = Rule.compile
_compiled: Final[dict[tuple[object, ...], "_Compiled"]] = {}


def install() -> None:
    """Has every application of this process take what another one has compiled for the same rule."""
    Rule.compile = _compile_once  # type: ignore[method-assign]  # for the tests' process only


@dataclass(frozen=True, slots=True)
class _Compiled:
    """What a rule becomes by its text alone; what is bound to a rule or a map is bound anew."""

    same: dict[str, Any]
    arguments: frozenset[str]
    converters: dict[str, Any]
    builders: dict[str, Callable[..., tuple[str, str]]]

    @classmethod
    def of(cls, rule: Rule) -> "_Compiled":
        return cls(
            {name: getattr(rule, name) for name in ("_parts", "_trace")},
            frozenset(rule.arguments),
            rule._converters,
            {name: getattr(rule, name).__func__ for name in ("_build", "_build_unknown")},
        )

    def give_to(self, rule: Rule) -> None:
        for name, value in self.same.items():
            setattr(rule, name, value)
        rule.arguments = set(self.arguments)
        rule._converters = {name: copy(one) for name, one in self.converters.items()}
        for one in rule._converters.values():
            one.map = rule.map
        for name, builder in self.builders.items():
            setattr(rule, name, builder.__get__(rule))


def _compile_once(rule: Rule) -> None:
    map_ = rule.map
    assert map_ is not None
    known = tuple(map_.converters.values())
    key = (rule.rule, rule.subdomain, rule.host, repr(rule.defaults), rule.merge_slashes, map_.host_matching)
    if (*key, known) not in _compiled:
        _compile(rule)
        _compiled[*key, known] = _Compiled.of(rule)
    else:
        _compiled[*key, known].give_to(rule)
