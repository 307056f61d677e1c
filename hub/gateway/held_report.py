"""The report of `git receive-pack`, kept back until the push is recorded: receive-pack sends it earlier."""

from collections.abc import Iterable

from hub.gateway.pktline import FLUSH, packet, split

BAND_DATA_BYTES = 65515
"""The most that fits into one packet of side-band-64k after the number of its band."""

_REPORT, _PROGRESS, _ERROR = 1, 2, 3


def band(number: int, data: bytes) -> bytes:
    """`data` as packets of the side-band `number`."""
    pieces = (data[at : at + BAND_DATA_BYTES] for at in range(0, len(data), BAND_DATA_BYTES))
    return b"".join(packet(bytes([number]) + piece) for piece in pieces)


def refuse(report: bytes, reason: str) -> bytes:
    """The same report with every `ok` (and its options) turned into `ng <ref> <reason>`."""
    lines, _ = split(report)
    out = []
    for line in lines:
        if line is None:
            out.append(FLUSH)
        elif line.startswith(b"ok "):
            ref = line[3:].split(b" ")[0].rstrip(b"\n")
            out.append(packet(b"ng %s %s\n" % (ref, reason.encode())))
        elif not line.startswith(b"option "):
            out.append(packet(line))
    return b"".join(out)


class HeldReport:
    """Lets progress (band 2) and errors (band 3) through; keeps band 1 and the final flush, and, for a
    client without side-band, everything."""

    def __init__(self) -> None:
        self._rest = b""
        self._report = b""
        self._has_side_band: bool | None = None
        self._ended = False

    def feed(self, data: bytes) -> bytes:
        """Takes what git wrote; returns what the client may read at once."""
        self._rest += data
        if self._has_side_band is None:
            if len(self._rest) < 5:
                return b""
            # A report begins with `unpack `; a side-band's first byte is the number of its band.
            self._has_side_band = self._rest[4] in (_REPORT, _PROGRESS, _ERROR)
        if not self._has_side_band:
            return b""
        packets, self._rest = split(self._rest)
        return b"".join(self._passed(data) for data in packets)

    def _passed(self, data: bytes | None) -> bytes:
        if data is None:
            self._ended = True
        elif data[:1] == b"\1" and len(data) > 1:
            self._report += data[1:]
        else:  # progress, errors, and the keep-alive, which is an empty band 1
            return packet(data)
        return b""

    def release(self, failure: str | None, lines: Iterable[str] = ()) -> bytes:
        """The rest, once git has ended: `lines` for the pusher, then the report, every ref of it refused
        where there is a `failure`. Empty when the client can be told nothing at all."""
        if self._has_side_band is None and self._rest == FLUSH:  # side-band, but no report was asked for
            self._has_side_band, self._ended = True, True
        if not self._has_side_band:
            return refuse(self._rest, failure) if failure else self._rest
        said = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
        return band(_PROGRESS, said) + self._released_report(failure) + (FLUSH if self._ended else b"")

    def _released_report(self, failure: str | None) -> bytes:
        if failure is None:
            return band(_REPORT, self._report)
        refused = refuse(self._report, failure)
        return band(_REPORT, refused) if refused else band(_ERROR, failure.encode() + b"\n")
