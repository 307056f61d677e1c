"""Keeps a hub whose passwords were printed away from everybody but this machine."""

from sqlalchemy import select

from hub.accounts.models import User
from hub.config import Config
from hub.db import Database
from hub.errors import Forbidden, text
from hub.gateway.listeners import is_loopback


def refuse_strangers(config: Config, *addresses: str) -> None:
    """Raises Forbidden where one of these HOST:PORT could be reached from elsewhere and there are demo
    accounts; an empty address is none."""
    reachable = [one for one in addresses if one and not is_loopback(one)]
    if reachable and _has_demo_accounts(config):
        raise Forbidden(
            text("The hub does not listen on %(address)s.", address=reachable[0]),
            text("Its data folder holds demo accounts, whose passwords are known to whoever made them."),
            text("Use a data folder without them (HUB_DATA), or an address of this machine alone."),
        )


def _has_demo_accounts(config: Config) -> bool:
    database = Database(config)
    try:
        with database.reading() as session:
            return session.scalar(select(User.id).where(User.is_demo).limit(1)) is not None
    finally:
        database.dispose()
