"""The network that an address belongs to: what is counted where nobody says who they are. Pure."""

import ipaddress


def network_of(address: str, *, bits: int) -> str:
    """The /24 of an IPv4 address, the /`bits` of an IPv6 one; `unknown` for what is no address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    length = 24 if parsed.version == 4 else bits
    return str(ipaddress.ip_network((parsed, length), strict=False))
