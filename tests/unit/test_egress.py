"""What the hub connects to, and what it does not, whatever a name answers."""

import pytest

from hub.config import Config
from hub.egress import Resolve, read_url, resolve
from hub.errors import Invalid

PUBLIC = "93.184.215.14"


def of(*addresses: str) -> Resolve:
    """A resolver that always answers so."""

    def answer(host: str, port: int) -> list[str]:
        return list(addresses)

    return answer


@pytest.mark.parametrize(
    ("given", "url", "host", "port"),
    [
        ("https://example.org/a.git", "https://example.org/a.git", "example.org", 443),
        ("http://EXAMPLE.org:8080/a", "http://example.org:8080/a", "example.org", 8080),
        ("https://anna:se%20cret@example.org/a", "https://example.org/a", "example.org", 443),
        ("https://93.184.215.14/a", "https://93.184.215.14/a", "93.184.215.14", 443),
        ("https://[2606:4700::1111]:444/a", "https://[2606:4700::1111]:444/a", "2606:4700::1111", 444),
    ],
)
def test_address_is_read(given: str, url: str, host: str, port: int) -> None:
    source = read_url(given)
    assert (source.url, source.host, source.port) == (url, host, port)


def test_credentials_are_taken_out_of_an_address() -> None:
    source = read_url("https://anna:se%20cret@example.org/a")
    assert (source.user, source.secret) == ("anna", "se cret")


HOSTILE = [
    "ext::sh -c 'touch MARKER'",
    "ext::sh%20-c%20touch%20MARKER",
    "--upload-pack=touch MARKER",
    "-oProxyCommand=touch MARKER",
    "ssh://-oProxyCommand=touch%20MARKER/x",
    "ssh://git@example.org/x",
    "git@example.org:x",
    "git://example.org/x",
    "file:///etc",
    "/etc",
    "../../etc",
    "fd::17",
    "transport::address",
    "ftp://example.org/x",
    "http::https://example.org/x",
    "https://-example.org/x",
    "https://example.org/x?service=git-upload-pack",
    "https://example.org/x#y",
    "https://example.org/x\n--upload-pack=touch MARKER",
    "https://example.org\\@127.0.0.1/x",
    "https://exa mple.org/x",
    "https://example.org:0/x",
    "https://example.org:99999/x",
    "https:///x",
    "https://:80/x",
    "https://2130706433/x",
    "https://0x7f.1/x",
    "https://0177.0.0.1/x",
    "https://127.1/x",
    "https://0/x",
    "https://[::1/x",
    "https://[::1%25lo]/x",
    "https://ex\u0430mple.org/x",
    "",
    "https://example.org/" + "x" * 2000,
]


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_address_is_refused_before_anything_is_asked(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_url(url)
    assert "url" in refused.value.fields


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["172.16.0.1"],
        ["192.168.1.1"],
        ["169.254.169.254"],
        ["100.64.0.1"],
        ["0.0.0.0"],
        ["224.0.0.1"],
        ["255.255.255.255"],
        ["::1"],
        ["::"],
        ["fe80::1"],
        ["fe80::1%eth0"],
        ["fd00::1"],
        ["ff02::1"],
        ["::ffff:127.0.0.1"],
        ["::ffff:10.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        [PUBLIC, "127.0.0.1"],
        ["::1", PUBLIC],
        [],
    ],
)
def test_name_that_leads_inside_is_refused(addresses: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        resolve(Config(), read_url("https://example.org/x"), resolver=of(*addresses))
    assert "url" in refused.value.fields


@pytest.mark.parametrize(
    "address", ["fec0::2", "::7f00:1", "::ffff:0:7f00:1", "64:ff9b:1::7f00:1", "4000::1"]
)
def test_address_outside_of_the_internet_is_refused_though_python_calls_it_global(address: str) -> None:
    """An attacker names the gateway of a virtual machine (fec0::2), or 127.0.0.1 in a form that only some
    networks translate."""
    for url in ("https://example.org/x", f"https://[{address}]/x"):
        with pytest.raises(Invalid):
            resolve(Config(), read_url(url), resolver=of(address))


def test_name_is_held_to_the_addresses_it_had() -> None:
    found = resolve(
        Config(), read_url("https://example.org/x"), resolver=of(PUBLIC, "2606:4700::1111", PUBLIC)
    )
    assert found.addresses == (PUBLIC, "2606:4700::1111")


def test_listed_networks_may_be_reached_and_no_others() -> None:
    config = Config(allowed_networks="10.0.0.0/8, fd00::/8")
    found = resolve(config, read_url("https://example.org/x"), resolver=of("10.1.2.3", "fd00::1"))
    assert found.addresses == ("10.1.2.3", "fd00::1")
    with pytest.raises(Invalid):
        resolve(config, read_url("https://example.org/x"), resolver=of("10.1.2.3", "127.0.0.1"))
