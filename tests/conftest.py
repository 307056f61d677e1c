"""What every test may ask for: a configuration, a loaded hub, its pages, and a hub that runs for real."""

import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from hub import logs
from hub.app import Hub, create_app, load
from hub.config import Config, from_values
from hub.jobs import Queue
from tests import compiled_routes, compiled_statements, compiled_templates, databases, garbage, replayed
from tests.databases import PostgresqlTemplate, SqliteTemplate, Template
from tests.git_client import GitClient
from tests.odd_repository import OddRepository, make_odd_repository
from tests.odd_site import OddSite, odd_site
from tests.sample import KeptSample
from tests.served import Served

_FEATURE = Path(__file__).parent / "feature"

compiled_routes.install()
compiled_statements.install()
compiled_templates.install()
garbage.wait()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a test that waits for a hub, or for a moment, leaves one idle."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs the tests that write rows once per kind of database, and those that only read on SQLite."""
    if "database_kind" not in metafunc.fixturenames:
        return
    in_feature = metafunc.definition.path.is_relative_to(_FEATURE)
    is_marked = metafunc.definition.get_closest_marker
    writes = is_marked("wire_writes") or (in_feature and not is_marked("reads"))
    # The others name their kind too: what is kept for the session is made anew only when it changes.
    kinds = databases.kinds() if writes else [databases.SQLITE]
    metafunc.parametrize("database_kind", kinds, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out most values on PostgreSQL of a test that has many, for their statements are the same.

    What takes long comes first.
    """
    left_out = set(databases.middle_values(items))
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [one for one in items if one not in left_out]
    items.sort(key=lambda one: one.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """Begins to look for garbage."""
    garbage.look()


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many tests ran on PostgreSQL, and on which one."""
    url = databases.postgresql_url()
    if not url:
        terminalreporter.write_line("PostgreSQL: not run; HUB_DATABASE_URL names no server.")
        return
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, [])]
    ran = [one for one in reports if one.when == "call" and databases.POSTGRESQL in one.nodeid]
    terminalreporter.write_line(f"{databases.server_version(url)}: {len(ran)} tests ran on it.")


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    """Log lines as a hub writes them; before it is set up structlog draws every variable of a traceback."""
    logs.configure(Config())


@pytest.fixture(scope="session")
def database_kind() -> str:
    """The kind of database; tests that write get each kind there is, the others SQLite."""
    return databases.SQLITE


@pytest.fixture(scope="session")
def _templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Template]]:
    made: dict[str, Template] = {}

    def get(kind: str) -> Template:
        if kind not in made:
            made[kind] = (
                SqliteTemplate.migrated(tmp_path_factory.mktemp("template"))
                if kind == databases.SQLITE
                else PostgresqlTemplate.migrated(databases.postgresql_url())
            )
        return made[kind]

    yield get
    for template in made.values():
        template.close()


@pytest.fixture(scope="session")
def template_database(database_kind: str, _templates: Callable[[str], Template]) -> Template:
    """A migrated, empty database to copy."""
    return _templates(database_kind)


@pytest.fixture(scope="session")
def _empty_queue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a queue of jobs without any: to make its tables takes as long as many a test."""
    data = tmp_path_factory.mktemp("queue")
    Queue(from_values({"data": str(data)})).huey.storage.close()
    return data / "jobs.sqlite"


@pytest.fixture
def config(tmp_path: Path, template_database: Template, _empty_queue: Path) -> Iterator[Config]:
    """Settings with a data folder of the test's own, a migrated database and an empty queue."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    shutil.copy(_empty_queue, data)
    url = template_database.lend(data)
    yield from_values({"data": str(data), "http": "127.0.0.1:0", "ssh": "127.0.0.1:0", "database_url": url})
    template_database.take_back(url)


@pytest.fixture
def hub(config: Config) -> Iterator[Hub]:
    """The hub without its pages, loaded in this process."""
    loaded = load(config)
    yield loaded
    loaded.database.dispose()


@pytest.fixture(scope="session")
def _kept_samples(
    tmp_path_factory: pytest.TempPathFactory, _templates: Callable[[str], Template]
) -> Callable[[str], KeptSample]:
    @cache
    def get(kind: str) -> KeptSample:
        return KeptSample.made(tmp_path_factory.mktemp("sample"), _templates(kind))

    return get


@pytest.fixture(scope="session")
def kept_sample(database_kind: str, _kept_samples: Callable[[str], KeptSample]) -> KeptSample:
    """A hub with a row of everything, to copy."""
    return _kept_samples(database_kind)


@pytest.fixture
def session(hub: Hub) -> Iterator[Session]:
    """A session in one writing transaction, committed when the test ends well."""
    with hub.database.writing() as writing:
        yield writing


@pytest.fixture
def app(hub: Hub) -> Flask:
    """The pages."""
    return create_app(hub)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without scripts; nobody is signed in."""
    return app.test_client()


@pytest.fixture
def git(tmp_path: Path) -> GitClient:
    """Real git with a clean home and no SSH key."""
    return GitClient(tmp_path / "git")


@pytest.fixture(scope="session")
def odd_repository(tmp_path_factory: pytest.TempPathFactory) -> OddRepository:
    """A bare repository with every odd name, content, commit and ref; `odd_repository.host` shows it."""
    return make_odd_repository(tmp_path_factory.mktemp("odd") / "odd.git")


@pytest.fixture(scope="session", name="odd_site")
def _odd_site(tmp_path_factory: pytest.TempPathFactory, odd_repository: OddRepository) -> Iterator[OddSite]:
    """A hub over SQLite that shows the odd repository; nothing may be changed in it."""
    with odd_site(tmp_path_factory.mktemp("odd-site"), odd_repository) as site:
        yield site


@pytest.fixture(scope="session")
def _servers(
    tmp_path_factory: pytest.TempPathFactory, _templates: Callable[[str], Template]
) -> Iterator[Callable[[str], Served]]:
    running: dict[str, Served] = {}

    def get(kind: str) -> Served:
        if kind not in running:
            running[kind] = _serve(tmp_path_factory.mktemp("served"), _templates(kind), covered=True)
        return running[kind]

    yield get
    for served in running.values():
        served.close()


@pytest.fixture(scope="session")
def served(database_kind: str, _servers: Callable[[str], Served]) -> Iterator[Served]:
    """A running hub that many tests share: make people and repositories of your own, kill nothing.

    In the end the rows of every topic are what a replay of its entries makes.
    """
    served = _servers(database_kind)
    yield served
    replayed.check_all(served.hub.database)


@pytest.fixture
def fresh_served(tmp_path: Path, template_database: Template) -> Iterator[Served]:
    """A running hub of the test's own, to be stopped, killed and started again."""
    served = _serve(tmp_path / "served", template_database)
    yield served
    served.close()


def _serve(folder: Path, template: Template, *, covered: bool = False) -> Served:
    data = folder / "data"
    data.mkdir(mode=0o700, parents=True)
    served = Served(folder, template.copy_to(data), covered=covered)
    served.start()
    return served
