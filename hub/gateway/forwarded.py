"""Who a request comes from and how they called the hub, as far as the proxies in between are believed."""

import ipaddress
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hub.errors import Invalid, text

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Scope = Mapping[str, Any]  # Any: the ASGI scope, whose values differ by key
Headers = Iterable[tuple[bytes, bytes]]

_HOST: Final = re.compile(r"[A-Za-z0-9.:\[\]_-]{1,255}")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Origin:
    """The client's address, and the scheme and the host that it used."""

    address: str
    scheme: str
    host: str
    request_id: str

    @property
    def base_url(self) -> str:
        """The hub's address as this client knows it, without a slash at its end."""
        return f"{self.scheme}://{self.host}"


class Proxies:
    """The addresses whose X-Forwarded-* and X-Request-Id are believed."""

    def __init__(self, trusted: str) -> None:
        self._networks = tuple(_network(one.strip()) for one in trusted.split(",") if one.strip())

    def origin(self, scope: Scope) -> Origin:
        """Where the request really comes from.

        Only the last value of each header is looked at: those before it come from further away. In
        X-Forwarded-For that is the last address that is not one of our own proxies.
        """
        peer = scope["client"][0] if scope.get("client") else ""
        headers = scope["headers"]
        host, scheme, request_id = _text(headers, b"host"), str(scope["scheme"]), ""
        if self._trusts(peer):
            peer = self._client(_text(headers, b"x-forwarded-for"), peer)
            host = _last(_text(headers, b"x-forwarded-host")) or host
            scheme = _last(_text(headers, b"x-forwarded-proto")).lower() or scheme
            request_id = _text(headers, b"x-request-id")
        return Origin(
            address=peer,
            scheme=scheme if scheme in ("http", "https") else "http",
            host=host if _HOST.fullmatch(host) else _server(scope),
            request_id=request_id if _REQUEST_ID.fullmatch(request_id) else secrets.token_hex(8),
        )

    def _client(self, chain: str, peer: str) -> str:
        for address in reversed([one.strip() for one in chain.split(",")]):
            if not _is_address(address):
                return peer
            if not self._trusts(address):
                return address
            peer = address
        return peer

    def _trusts(self, address: str) -> bool:
        if not self._networks or not _is_address(address):
            return False
        return any(ipaddress.ip_address(address) in network for network in self._networks)


def _network(words: str) -> Network:
    try:
        return ipaddress.ip_network(words, strict=False)
    except ValueError as error:
        raise Invalid(
            text("The configuration cannot be used."),
            {"trusted_proxies": text("%(words)s is neither an address nor a network.", words=words)},
        ) from error


def _is_address(words: str) -> bool:
    try:
        ipaddress.ip_address(words)
    except ValueError:
        return False
    return True


def _text(headers: Headers, name: bytes) -> str:
    # Lines of the same name are one list (RFC 9110, 5.3); two Host lines thus make no valid name.
    return ",".join(value.decode("latin-1").strip() for key, value in headers if key == name)


def _last(words: str) -> str:
    return words.rpartition(",")[2].strip()


def _server(scope: Scope) -> str:
    host, port = (scope.get("server") or ("localhost", None))[:2]
    return f"{host}:{port}" if port else str(host)
