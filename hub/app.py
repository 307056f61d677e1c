"""The composition root: the only module that knows every feature."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hub.accounts import jobs as accounts_jobs
from hub.config import Config
from hub.db import Database
from hub.jobs import Queue, registered
from hub.journal import jobs as journal_jobs
from hub.journal import showing as journal_showing
from hub.repos import jobs as repos_jobs
from hub.repos.browsing.files import preparing
from hub.repos.settings import departures
from hub.reviews import jobs as reviews_jobs
from hub.search import jobs as search_jobs
from hub.web import jobs as web_jobs

if TYPE_CHECKING:
    from flask import Flask

# Imported for what they register: jobs and subscribers to events.
_FEATURES: Final = (
    web_jobs,
    accounts_jobs,
    repos_jobs,
    departures,
    preparing,
    journal_jobs,
    journal_showing,
    reviews_jobs,
    search_jobs,
)

_TRANSLATIONS: Final = Path(__file__).parent / "translations"


@dataclass(frozen=True, slots=True)
class Hub:
    """One loaded hub: its settings, its database and its queue of background work."""

    config: Config
    database: Database
    queue: Queue


def load(config: Config) -> Hub:
    """The hub without its pages: every feature's jobs and registrations are imported by this module.

    What the policy processes, the worker and the command line use; no Flask.
    """
    assert registered(), f"{_FEATURES} register jobs"
    queue = Queue(config)
    return Hub(config=config, database=Database(config, queue), queue=queue)


def create_app(hub: Hub | Config, *, translations: Path = _TRANSLATIONS) -> "Flask":
    """The pages of a hub, with the message catalogues in that folder.

    May be made before a fork, if `hub.database.dispose()` comes in between. Raises RuntimeError for an
    endpoint without a scope, and for an address that a person could take as their name.
    """
    # Those who load a hub without its pages do not pay for Flask.
    from hub import blueprints  # noqa: PLC0415
    from hub.accounts import names  # noqa: PLC0415
    from hub.accounts.sign_in import login  # noqa: PLC0415
    from hub.repos import go_views  # noqa: PLC0415
    from hub.web import application  # noqa: PLC0415

    loaded = load(hub) if isinstance(hub, Config) else hub
    app = application.make(
        loaded.database,
        blueprints.BLUEPRINTS,
        load_viewer=login.load_viewer,
        is_proved=login.is_proved,
        answer_first=go_views.answer_go,
        translations=translations,
    )
    app.extensions["hub.queue"] = loaded.queue
    login.install(app)
    names.check_reserved(rule.rule for rule in app.url_map.iter_rules())
    return app
