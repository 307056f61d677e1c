"""The addresses from which git clones a repository. Pure: what the settings and a path say."""

from typing import Final
from urllib.parse import urlsplit

from hub.config import Config, split_address

_SSH_PORT: Final = 22


def http_address(http: str, path: str) -> str:
    """The address over HTTP, below the hub's own address `http`."""
    return f"{http.rstrip('/')}/{path}.git"


def ssh_address(config: Config, http: str, path: str) -> str | None:
    """The address over SSH, on the host of `http` unless the settings name one; None where SSH is off."""
    if not config.ssh:
        return None
    host, port = config.ssh_url, _SSH_PORT
    if not host:
        host, port = urlsplit(http).hostname or "127.0.0.1", split_address(config.ssh)[1]
    elif host.count(":") == 1 or host.startswith("["):
        host, port = split_address(host)
    host = f"[{host}]" if ":" in host else host
    # The short form knows no port, and takes what stands before a colon for the host.
    return f"git@{host}:{path}.git" if port == _SSH_PORT else f"ssh://git@{host}:{port}/{path}.git"
