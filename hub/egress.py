"""The one way out of the hub: an address that a person gave is read, resolved once, and held on to.

Whoever fetches from it connects to the addresses found here and to no others, so that a name which answers
differently the next time (DNS rebinding) leads nowhere. What lies in this network itself is refused, unless
`allowed_networks` of the settings lists it.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from hub.config import Config
from hub.errors import Invalid, Text, text

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
# The addresses of a host, as text; raises OSError for one that has none.
Resolve = Callable[[str, int], Sequence[str]]

MAX_LENGTH: Final = 2000

_PORTS: Final = {"http": 80, "https": 443}
_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# What a browser would read as a number in some base: such hosts are addresses in disguise.
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_NOT_IN_URLS: Final = re.compile(r"[\x00-\x20\x7f\\\"<>^`{|}]")
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")
# Of IPv6 only this is the internet (RFC 4291, 2.5.4); what else may be routed leads inside, as fec0:: does.
_INTERNET: Final = ipaddress.ip_network("2000::/3")


@dataclass(frozen=True, slots=True)
class Source:
    """An address outside, read but not resolved: `url` holds no credentials and is safe to show."""

    url: str
    scheme: str
    host: str
    port: int
    user: str = ""
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """A source, and the addresses that a connection to it may go to."""

    source: Source
    addresses: tuple[str, ...]


def read_url(given: str) -> Source:
    """The address that a person gave; raises Invalid, with the fault of the field `url`.

    A user and a password in it are taken out of it.
    """
    if len(given) > MAX_LENGTH:
        raise _refuse(text("Use at most %(limit)s characters.", limit=MAX_LENGTH))
    if not given.isascii() or _NOT_IN_URLS.search(given):
        raise _refuse(text("An address has letters from A to Z, digits and the usual signs only."))
    try:
        parts = urlsplit(given)
        port, host = parts.port, parts.hostname or ""
    except ValueError as error:
        raise _refuse(text("This is no address: its host or port cannot be read.")) from error
    if parts.scheme not in _PORTS:
        raise _refuse(text("Give an address that begins with https:// or http://."))
    if parts.query or parts.fragment or "?" in given or "#" in given:
        raise _refuse(text("Leave out what follows ? or #."))
    host = _read_host(host)
    if port == 0:
        raise _refuse(text("This is no address: its host or port cannot be read."))
    shown = _without_credentials(parts, host, port)
    user, secret = unquote(parts.username or ""), unquote(parts.password or "")
    return Source(shown, parts.scheme, host.strip("[]"), port or _PORTS[parts.scheme], user, secret)


def _refuse(fault: Text) -> Invalid:
    return Invalid(text("The hub does not fetch from this address."), {"url": fault})


def _read_host(host: str) -> str:
    """The host as it stands in an address: a name, or an IP address in its usual form."""
    if ":" in host and "%" not in host:
        try:
            return f"[{ipaddress.IPv6Address(host)}]"
        except ValueError as error:
            raise _refuse(text("%(host)s is no host.", host=host)) from error
    labels = host.lower().removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError as error:
            raise _refuse(text("Write an IP address as four numbers with dots between them.")) from error
    if not all(_LABEL.fullmatch(one) for one in labels) or len(host) > 253:
        raise _refuse(text("%(host)s is no host.", host=host or text("Nothing")))
    return ".".join(labels)


def _without_credentials(parts: SplitResult, host: str, port: int | None) -> str:
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{parts.path}"


def with_credentials(source: Source, user: str, secret: str) -> Source:
    """The source with these instead of those that its address held, where any are given."""
    return replace(source, user=user, secret=secret) if user or secret else source


def resolve(config: Config, source: Source, *, resolver: Resolve | None = None) -> Destination:
    """Where a connection to the source may go; raises Invalid, with the fault of the field `url`.

    Every address that the name has must be one that may be reached: of several, a client takes any.
    """
    try:
        answers = (resolver or _ask_system)(source.host, source.port)
        addresses = [ipaddress.ip_address(one.partition("%")[0]) for one in answers]
    except (OSError, ValueError) as error:
        raise _refuse(text("The host %(host)s is not known.", host=source.host)) from error
    if not addresses:
        raise _refuse(text("The host %(host)s is not known.", host=source.host))
    allowed = _allowed_networks(config)
    if not all(_may_reach(one, allowed) for one in addresses):
        raise _refuse(text("%(host)s lies in a network that the hub does not fetch from.", host=source.host))
    return Destination(source, tuple(dict.fromkeys(str(one) for one in addresses)))


def _ask_system(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for _, _, _, _, address in found]


def _allowed_networks(config: Config) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    names = [one.strip() for one in config.allowed_networks.split(",")]
    return [ipaddress.ip_network(one, strict=False) for one in names if one]


def _may_reach(address: IpAddress, allowed: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    if any(address in network for network in allowed if network.version == address.version):
        return True
    return all(_is_outside(one) for one in _meanings(address))


def _is_outside(address: IpAddress) -> bool:
    if address.version == 6 and address not in _INTERNET and address not in _TRANSLATED:
        return False
    return address.is_global and not address.is_multicast


def _meanings(address: IpAddress) -> list[IpAddress]:
    """The address, and those that it stands for where networks translate."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    inner: list[IpAddress] = [one for one in (address.sixtofour, *(address.teredo or ())) if one is not None]
    if address in _TRANSLATED:
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [address, *inner]
