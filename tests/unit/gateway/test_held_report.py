"""What of git's report may be read before the push is recorded, and what is made of it when it is not."""

import pytest

from hub.gateway.held_report import BAND_DATA_BYTES, HeldReport, refuse
from hub.gateway.pktline import packet, split

LOST = "stored, not recorded; fetch before you push again"
UNPACKED, MOVED = packet(b"unpack ok\n"), packet(b"ok refs/heads/main\n")
REPORT = UNPACKED + MOVED + packet(b"option refname refs/x\n") + b"0000"
REFUSED = UNPACKED + packet(f"ng refs/heads/main {LOST}\n".encode()) + b"0000"


def banded(report: bytes = REPORT) -> bytes:
    return packet(b"\2Looking\n") + b"0005\1" + packet(b"\1" + report) + b"0000"


def feed(held: HeldReport, data: bytes, size: int = 7) -> bytes:
    return b"".join(held.feed(data[at : at + size]) for at in range(0, len(data), size))


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_progress_and_the_keep_alive_pass_and_the_report_waits(size: int) -> None:
    held = HeldReport()
    assert feed(held, banded(), size) == packet(b"\2Looking\n") + b"0005\1"
    assert held.release(None) == packet(b"\1" + REPORT) + b"0000"


def test_errors_pass() -> None:
    held = HeldReport()
    assert held.feed(packet(b"\3fatal: no\n")) == packet(b"\3fatal: no\n")
    assert held.release(None) == b""


def test_without_side_band_everything_waits() -> None:
    held = HeldReport()
    assert feed(held, REPORT) == b""
    assert held.release(None) == REPORT


@pytest.mark.parametrize("report", [REPORT, UNPACKED + MOVED + b"0000"])
def test_a_failure_refuses_every_ref_and_drops_its_options(report: bytes) -> None:
    assert refuse(report, LOST) == REFUSED
    held = HeldReport()
    held.feed(banded(report))
    assert held.release(LOST) == packet(b"\1" + REFUSED) + b"0000"


def test_a_ref_that_git_refused_keeps_its_reason() -> None:
    report = packet(b"unpack ok\n") + packet(b"ng refs/heads/a no\n") + b"0000"
    assert refuse(report, LOST) == report


def test_a_failure_that_no_report_can_carry_is_an_error() -> None:
    held = HeldReport()
    held.feed(b"0000")
    assert held.release(LOST) == packet(f"\3{LOST}\n".encode()) + b"0000"


def test_lines_for_the_pusher_come_first() -> None:
    held = HeldReport()
    held.feed(banded())
    assert split(held.release(None, ["One", "Two"]))[0][0] == b"\2One\nTwo\n"


def test_lines_are_not_for_a_client_without_side_band() -> None:
    held = HeldReport()
    held.feed(REPORT)
    assert held.release(None, ["One"]) == REPORT


def test_a_git_that_said_nothing_leaves_nothing_to_say() -> None:
    assert HeldReport().release(None) == b""
    assert HeldReport().release(LOST) == b""


def test_a_long_report_goes_in_packets_that_fit() -> None:
    report = UNPACKED + b"".join(packet(b"ok refs/tags/%05d\n" % n) for n in range(9000)) + b"0000"
    held = HeldReport()
    for at in range(0, len(report), 60_000):
        held.feed(packet(b"\1" + report[at : at + 60_000]))
    held.feed(b"0000")
    packets, rest = split(held.release(None))
    assert rest == b""
    assert max(len(one) for one in packets if one) == BAND_DATA_BYTES + 1
    assert b"".join(one[1:] for one in packets if one) == report
