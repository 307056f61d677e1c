"""Single HTTP requests to a running hub, made by hand: no client library decides what is sent."""

import base64
import http.client
import urllib.parse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.served import Person, Served


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def basic(name: str, password: str) -> dict[str, str]:
    """The header of HTTP's basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def as_git(person: Person | None) -> dict[str, str]:
    """What git sends to be that person; nothing for a stranger."""
    return basic(person.name, person.token) if person else {}


def request(
    served: Served,
    target: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | Iterable[bytes] | None = None,
) -> Answer:
    """Sends exactly this request target and returns the answer; redirects are not followed."""
    address = urllib.parse.urlsplit(served.http)
    assert address.hostname is not None
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=240)
    try:
        connection.request(method, target, body, dict(headers or {}))
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())
    finally:
        connection.close()


def info_refs(served: Served, path: str, service: str, headers: Mapping[str, str] | None = None) -> Answer:
    """The first request of every git client."""
    return request(served, f"/{path}.git/info/refs?service={service}", headers=headers)


def receive_pack(served: Served, path: str, body: bytes, person: Person | None) -> Answer:
    """A push's second request."""
    kind = {"Content-Type": "application/x-git-receive-pack-request"}
    return request(
        served, f"/{path}.git/git-receive-pack", method="POST", headers={**as_git(person), **kind}, body=body
    )


def fetch_v2(served: Served, path: str, wants: Iterable[str], person: Person | None = None) -> Answer:
    """The answer to a clone of these objects by protocol v2."""
    headers = {"Content-Type": "application/x-git-upload-pack-request", "Git-Protocol": "version=2"}
    return request(
        served,
        f"/{path}.git/git-upload-pack",
        method="POST",
        headers={**as_git(person), **headers},
        body=fetch_v2_body(wants),
    )


def fetch_v2_body(wants: Iterable[str], haves: Iterable[str] = ()) -> bytes:
    """A request of protocol v2 for these objects; one without haves may be answered from what is kept."""
    capabilities = (b"command=fetch", b"agent=git/test", b"object-format=sha1")
    ids = [f"want {want}".encode() for want in wants] + [f"have {have}".encode() for have in haves]
    arguments = [b"ofs-delta", *ids, b"done"]
    sections = [b"".join(packet(line) for line in lines) for lines in (capabilities, arguments)]
    return b"0001".join(sections) + b"0000"


def fetch_v0_body(wants: Iterable[str], haves: Iterable[str] = ()) -> bytes:
    """A request of the oldest protocol for these objects."""
    asked = b"".join(packet(f"want {want} ofs-delta\n".encode()) for want in wants)
    return asked + b"0000" + b"".join(packet(f"have {have}\n".encode()) for have in haves) + packet(b"done\n")


def packet(data: bytes) -> bytes:
    """One packet line."""
    return b"%04x%s" % (len(data) + 4, data)
