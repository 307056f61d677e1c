"""Makes the data folder: its folders for this user alone, the keys that lie in it, the migrated database."""

from pathlib import Path
from typing import Final

from hub import migrations
from hub.accounts.sign_in.sealing import key_file
from hub.config import Config
from hub.db import Database
from hub.errors import Conflict, text
from hub.gateway.ssh_keys import load_host_keys
from hub.journal.keys.hub_key import load_hub_key
from hub.journal.openings import open_missing
from hub.secret_keys import load_key

_REPOSITORIES: Final = "repositories"
_FOLDERS: Final = (f"{_REPOSITORIES}/main", "keys", "cache/fetch", "run")


def prepare(config: Config) -> None:
    """Makes what is missing and brings the database up to date; what is there stays as it is.

    Raises Conflict where the folder cannot be made.
    """
    try:
        _make(config.data)
        for name in _FOLDERS:
            _make(config.data / name)
        load_host_keys(config)
        load_key(key_file(config))
        load_hub_key(config)
    except OSError as error:
        raise Conflict(
            text("The data folder %(data)s cannot be made.", data=config.data),
            text("The system says: %(reason)s.", reason=error.strerror or error),
            text("Name another folder with HUB_DATA."),
        ) from error
    migrations.upgrade(config)
    _begin_journals(config)


def _begin_journals(config: Config) -> None:
    database = Database(config)
    try:
        open_missing(database)
    finally:
        database.dispose()


def _make(folder: Path) -> None:
    is_new = not folder.exists() or not any(folder.iterdir())
    for part in (*reversed(folder.parents), folder):
        part.mkdir(mode=0o700, exist_ok=True)
    # Never a folder that holds other things as well: HUB_DATA may be a slip of the hand.
    if is_new:
        folder.chmod(0o700)
