"""The shape of our code: short functions and files, names that say what is inside, one word per concept."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = sorted((ROOT / "hub").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

MAX_FUNCTION_LINES = 50
MAX_FILE_LINES = 400
MAX_PARAMETERS = 6

GRAB_BAGS = re.compile(r"(^|_)(utils?|helpers?|common|misc|stuff|tools?)(_|$)|^base_")
# Another forge's words; they have their place where foreign clients are spoken to.
FOREIGN_WORDS = re.compile(r"\b(pull_?requests?|merge_?requests?|head_sha|base_sha)\b", re.IGNORECASE)
FOREIGN_PLACES = ("api.py", "webhooks.py")
LATER = re.compile(r"#.*\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
PATCHES = re.compile(r"\bmonkeypatch\.setattr\b|\bunittest\.mo" + r"ck\b|\bmock\.patch\b|\bmocker\b")
# A program that a test starts outlives no test, and is never collected in another one; one is for the run.
PROGRAMS = re.compile(r"\bPopen\(")
STARTS_PROGRAMS = ("tests/prestarted.py", "tests/served.py", "tests/wire/beside.py")
# The last two end those of search indexes, which are no databases.
ENDS_TRANSACTIONS = {
    "hub/db.py",
    "hub/web/request.py",
    "hub/search/engine/index.py",
    "hub/search/words/index.py",
}

# The processes that load a hub without its pages do not pay for Flask.
# The modules of a feature that know what a request is; all others are called by the command line as well.
EDGES = re.compile(r".*views|blueprint|login|ceremonies")
WEB = re.compile(
    r"^from (flask|flask_login|werkzeug|hub\.web)\b|^import (flask|flask_login|werkzeug)\b", re.MULTILINE
)

IMPORTS_LATE = {
    "hub/app.py: create_app",
    "hub/cli_search.py: reindex_command",
    "hub/doctor.py: _find_search_index",
    "hub/search/code/watching.py: _index",
    "hub/search/jobs.py: _bring_up",
    "hub/search/commits/watching.py: bring_up",
    "hub/search/commits/watching.py: _make_anew",
    "hub/search/jobs.py: drop_unused",
    "hub/search/jobs.py: drop_unused_commits",
    "hub/search/jobs.py: index_words",
    "hub/search/jobs.py: _index_talk",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def text_of(path: Path) -> str:
    return path.read_text("utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(text_of(path))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(paths: list[Path]) -> Iterator[tuple[str, Function]]:
    """Every function, with the name of its file and its own."""
    for path in paths:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, Function):
                yield f"{name_of(path)}: {node.name}", node


def lines_that_match(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{name_of(path)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if pattern.search(line)
    ]


def test_functions_fit_a_screen() -> None:
    lengths = {name: (one.end_lineno or 0) - one.lineno + 1 for name, one in functions(CODE + TESTS)}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION_LINES} == {}


def test_rules_of_a_feature_know_no_web() -> None:
    features = [path for path in CODE if path.relative_to(ROOT).parts[1] in ("accounts", "repos")]
    rules = [path for path in features if not EDGES.fullmatch(path.stem)]
    assert [name_of(path) for path in rules if WEB.search(text_of(path))] == []
    assert len(rules) > 60


def test_files_are_short() -> None:
    lengths = {name_of(path): len(text_of(path).splitlines()) for path in CODE + TESTS}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_functions_take_few_positional_parameters() -> None:
    counts = {
        name: len([one for one in function.args.args if one.arg not in ("self", "cls")])
        for name, function in functions(CODE)
    }
    assert {name: count for name, count in counts.items() if count > MAX_PARAMETERS} == {}


def test_files_are_named_for_what_they_hold() -> None:
    assert [name_of(path) for path in CODE + TESTS if GRAB_BAGS.search(path.stem)] == []


def test_modules_say_first_what_belongs_in_them() -> None:
    files = [path for path in CODE if text_of(path).strip()]
    assert [name_of(path) for path in files if not ast.get_docstring(tree_of(path))] == []


def test_imports_stand_at_the_top() -> None:
    inside = {
        name
        for name, function in functions(CODE)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert inside <= IMPORTS_LATE


def test_words_are_those_of_the_glossary() -> None:
    assert lines_that_match(FOREIGN_WORDS, [path for path in CODE if path.name not in FOREIGN_PLACES]) == []


def test_nothing_is_left_for_later() -> None:
    assert lines_that_match(LATER, CODE + TESTS) == []


def test_our_own_code_is_never_patched() -> None:
    assert lines_that_match(PATCHES, TESTS) == []


def test_programs_beside_a_test_end_with_it() -> None:
    tests = [one for one in TESTS if name_of(one) not in STARTS_PROGRAMS and "bench" not in one.parts]
    assert lines_that_match(PROGRAMS, tests) == []


def test_transactions_end_in_two_places_only() -> None:
    ends = {
        name_of(path)
        for path in CODE
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr in ("commit", "rollback")
    }
    assert ends <= ENDS_TRANSACTIONS


def test_packages_reexport_nothing() -> None:
    packages = [path for path in CODE if path.name == "__init__.py"]
    assert [name_of(path) for path in packages if "__all__" in text_of(path)] == []
