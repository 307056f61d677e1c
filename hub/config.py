"""How a hub is set up: one frozen record, read from `hub.toml` and `HUB_*`, each key with its help."""

import dataclasses
import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeVar, get_args

from hub.errors import Invalid, text

T = TypeVar("T")
LogFormat = Literal["text", "json"]
SignUp = Literal["open", "approval", "closed"]

_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "log_format": get_args(LogFormat),
    "sign_up": get_args(SignUp),
    "log_level": ("debug", "info", "warning", "error"),
}
_BEGINNINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "url": ("http://", "https://"),
    "database_url": ("postgresql+psycopg://", "sqlite://"),
    "redis_url": ("redis://", "rediss://", "unix://"),
}


def _key(default: T, help_text: str) -> T:
    # dataclasses.field says it returns the default's type, which is what the checker must see.
    return dataclasses.field(default=default, metadata={"help": help_text})


@dataclass(frozen=True, kw_only=True)
class Config:
    """Every setting of a hub. Names are the keys of `hub.toml`, and `HUB_` plus upper case outside it."""

    data: Path = _key(Path("data"), "The folder that holds everything: database, repositories, index, keys.")
    http: str = _key("127.0.0.1:8080", "HOST:PORT of pages and git over HTTP; port 0 takes a free one.")
    ssh: str = _key(
        "127.0.0.1:2222", "HOST:PORT of git over SSH; port 0 takes a free one, empty turns it off."
    )
    name: str = _key("Hub", "What this hub calls itself in titles and messages.")
    about: str = _key(
        "",
        "What the first page says to strangers about this hub, in a sentence or two; empty: what a hub is.",
    )
    url: str = _key(
        "", "The address people use, such as https://hub.example.org; empty: as the request says."
    )
    ssh_url: str = _key("", "HOST or HOST:PORT shown in SSH clone addresses; empty: as url and ssh say.")
    trusted_proxies: str = _key(
        "", "Addresses or networks, separated by commas, whose X-Forwarded-* are believed."
    )
    database_url: str = _key(
        "", "postgresql+psycopg://USER:PASSWORD@HOST/NAME; empty: SQLite in the data folder."
    )
    redis_url: str = _key("", "redis://HOST:PORT/N for background work of several machines; empty: SQLite.")
    ready_file: str = _key("", "Written when every part answers, with the addresses as JSON.")
    default_branch: str = _key("main", "The branch offered for new repositories.")
    web_workers: int = _key(2, "Processes that answer pages.")
    policy_processes: int = _key(2, "Processes that judge and record pushes; at least 2.")
    pack_slots: int = _key(0, "Fetches that git works on at once; 0: two per processor.")
    idle_seconds: int = _key(60, "After so long without a byte a git client is let go.")
    session_idle_hours: int = _key(8, "A sign-in unused for so long ends.")
    session_days: int = _key(7, "A sign-in ends after so many days in any case.")
    max_request_bytes: int = _key(2 << 20, "The largest body a page accepts.")
    max_push_bytes: int = _key(2 << 30, "The largest push, as sent.")
    max_object_bytes: int = _key(100 << 20, "The largest object in a push, unpacked.")
    max_push_refs: int = _key(5000, "The most refs in one push.")
    max_refs: int = _key(20000, "The most branches, tags and notes in a repository.")
    max_bundle_bytes: int = _key(512 << 20, "The largest bundle that can be uploaded to be imported.")
    max_import_bytes: int = _key(8 << 30, "The most that an import may take on disk.")
    import_seconds: int = _key(7200, "After so long an import is given up.")
    allowed_networks: str = _key(
        "", "Networks, separated by commas, that imports may reach although they are not public."
    )
    fetch_cache_bytes: int = _key(2 << 30, "Disk for answers to fetches that are kept; 0 turns it off.")
    fetch_cache_seconds: int = _key(3600, "How long an answer to a fetch is kept.")
    kept_bytes: int = _key(
        2 << 30, "Disk for what pages computed once and show again: highlighted files, diffs, blame."
    )
    costly_per_minute: int = _key(
        20,
        "How many pages that cost much (blame, comparisons, histories of files, archives) strangers of one "
        "network get in a minute before they are asked to take a cookie; 0: all they want.",
    )
    max_archive_bytes: int = _key(2 << 30, "The most that an archive or a bundle may hold, unpacked.")
    download_cache_bytes: int = _key(2 << 30, "Disk for archives and large files on their way to readers.")
    sign_up: SignUp = _key(
        "approval",
        "Who makes an account: open (everybody), approval (everybody, an administrator then approves it) or "
        "closed (administrators only).",
    )
    metrics_token: str = _key("", "A secret that may read /metrics besides administrators; empty: none.")
    log_format: LogFormat = _key("text", "text or json.")
    log_level: str = _key("info", "debug, info, warning or error.")


def documented() -> list[tuple[str, str, str, str]]:
    """Each key: name, environment variable, default as text, help."""
    return [
        (one.name, f"HUB_{one.name.upper()}", str(one.default), one.metadata["help"])
        for one in dataclasses.fields(Config)
    ]


def load(environment: Mapping[str, str] = os.environ, path: Path | None = None) -> Config:
    """The settings: defaults, then `hub.toml`, then `HUB_*`.

    The file is `path`, else `HUB_CONFIG`, else `hub.toml` in the current folder where there is one.
    Raises Invalid that names each unknown key and each value that cannot be read.
    """
    given = path or (Path(environment["HUB_CONFIG"]) if environment.get("HUB_CONFIG") else None)
    values: dict[str, object] = _read_file(given or Path("hub.toml"), required=given is not None)
    variables = {
        name[4:].lower(): name for name in environment if name.startswith("HUB_") and name != "HUB_CONFIG"
    }
    values |= {name: environment[variable] for name, variable in variables.items()}
    return from_values(values, variables)


def _read_file(path: Path, *, required: bool) -> dict[str, object]:
    if not required and not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Invalid(text("%(path)s cannot be read: %(error)s", path=path, error=error)) from error


def from_values(values: Mapping[str, object], variables: Mapping[str, str] | None = None) -> Config:
    """A Config of these values over the defaults; raises Invalid with a fault for each that is wrong.

    `variables` names those of the environment, so that one that nobody knows is found again there.
    """
    known = {one.name: one for one in dataclasses.fields(Config)}
    faults = {
        (variables or {}).get(name, name): text("There is no such setting. `hub config` lists them all.")
        for name in values
        if name not in known
    }
    read: dict[str, object] = {}
    for name, value in values.items():
        if name in known:
            try:
                read[name] = _parse(known[name].default, value, name)
            except ValueError as error:
                faults[name] = text("%(error)s", error=error)
    if faults:
        raise Invalid(text("The configuration cannot be used."), faults)
    config = Config(**read)  # type: ignore[arg-type]  # each value was parsed to its field's type above
    return dataclasses.replace(config, data=config.data.expanduser().absolute())


def _parse(default: object, value: object, name: str) -> object:
    if isinstance(default, int):
        return _count(str(value))
    if isinstance(default, Path):
        return Path(str(value))
    if name in ("http", "ssh") and value:
        split_address(str(value))
    if name == "allowed_networks":
        for one in str(value).split(","):
            ipaddress.ip_network(one.strip() or "127.0.0.0/8", strict=False)
    if name in _CHOICES:
        return _choose(str(value), _CHOICES[name])
    if value and not str(value).startswith(_BEGINNINGS.get(name, "")):
        # The value itself is not repeated: it may hold a password.
        raise ValueError(f"It begins with {' or '.join(_BEGINNINGS[name])}.")
    return str(value)


def _count(value: str) -> int:
    try:
        number = int(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a whole number.") from None
    if number < 0:
        raise ValueError(f"{number} is below zero.")
    return number


def _choose(value: str, choices: tuple[str, ...]) -> str:
    if value.lower() not in choices:
        raise ValueError(f"{value!r} is none of {', '.join(choices)}.")
    return value.lower()


def split_address(address: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT` (IPv6 in brackets); raises ValueError in words."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{address!r} is not HOST:PORT.")
    return host.strip("[]") or "127.0.0.1", int(port)
