"""Every event happens, and every event that is heard of exists."""

import inspect
from pathlib import Path

from hub import app, events

CODE = Path(app.__file__).parent
KINDS = [
    kind
    for _, kind in inspect.getmembers(events, inspect.isclass)
    if issubclass(kind, events.Event) and kind is not events.Event
]


def test_every_event_is_published_somewhere() -> None:
    modules = [path for path in CODE.rglob("*.py") if path.name != "events.py"]
    code = "\n".join(path.read_text("utf-8") for path in modules)
    assert [kind.__name__ for kind in KINDS if f"{kind.__name__}(" not in code] == []


def test_events_hold_ids_and_words_only() -> None:
    allowed = {"int", "int | None", "str", "str | None", "tuple[hub.events.MovedRef, ...]"}
    found = {
        f"{kind.__name__}.{name}": getattr(annotation, "__name__", str(annotation))
        for kind in KINDS
        for name, annotation in inspect.get_annotations(kind).items()
    }
    assert {name: kind for name, kind in found.items() if kind not in allowed | {"tuple"}} == {}
