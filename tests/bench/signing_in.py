"""Rows about credentials: sign-ins and token checks a second, and whether time tells who has an account."""

import re
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import NormalDist

import httpx
from sqlalchemy import delete

from hub import data_folder
from hub.access import Viewer
from hub.accounts import actions
from hub.accounts.credentials import find_token_viewer
from hub.accounts.models import Attempt
from hub.accounts.queries import get_user
from hub.accounts.sign_in import passwords
from hub.accounts.sign_in import steps as signing_in
from hub.accounts.sign_in.sessions import Origin
from hub.app import Hub, load
from hub.config import from_values
from hub.errors import Unauthenticated
from tests.bench.hub_server import HubServer
from tests.bench.report import Row, middle

PASSWORD = "a long and dull password"
SYSTEM = Viewer(is_admin=True)
AT_ONCE = 4
SIGN_INS = 80
TOKEN_CHECKS = 5000
PAIRS = 200
MOST_MS = 2.0
LEAST_P = 0.01


def rows(hub: HubServer) -> list[Row]:
    """All of them; ada gets a password first."""
    loaded = load(from_values({"data": str(hub.data)}))
    with loaded.database.writing() as session:
        passwords.change_password(session, SYSTEM, get_user(session, "ada"), password=PASSWORD)
    found = [_sign_ins(hub), _token_checks(loaded, hub.token), _page_with_a_token(hub), *_known_and_unknown()]
    loaded.database.dispose()
    return found


def _sign_ins(hub: HubServer) -> Row:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        started = time.monotonic()
        taken = list(pool.map(lambda _: _sign_in(hub.http), range(SIGN_INS)))
        seconds = time.monotonic() - started
    name = f"sign-ins/s with a password, {AT_ONCE} at once (p50 {middle(taken) * 1000:.0f} ms each)"
    return Row(name, f"{SIGN_INS / seconds:.1f}/s", "")


def _sign_in(base: str) -> float:
    with httpx.Client(base_url=base, trust_env=False, timeout=60) as client:
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
        assert token is not None
        values = {"csrf_token": token[1], "name": "ada", "password": PASSWORD, "next": ""}
        started = time.monotonic()
        answer = client.post("/login", data=values)
        if answer.status_code != 302:
            raise RuntimeError(f"the sign-in answered {answer.status_code}")
        return time.monotonic() - started


def _token_checks(hub: Hub, token: str) -> Row:
    started = time.monotonic()
    for _ in range(TOKEN_CHECKS):
        with hub.database.reading() as session:
            assert find_token_viewer(session, token) is not None
    seconds = time.monotonic() - started
    return Row(
        "token checks/s, one process, each in a session of its own", f"{TOKEN_CHECKS / seconds:.0f}/s", ""
    )


def _page_with_a_token(hub: HubServer) -> Row:
    with_token = _page_ms(hub.http, {"Authorization": f"token {hub.token}"})
    without = _page_ms(hub.http, {})
    name = "page p50: with a token, without"
    return Row(name, f"{with_token:.1f} ms", f"{without:.1f} ms", with_token / without)


def _page_ms(base: str, headers: dict[str, str]) -> float:
    taken = []
    with httpx.Client(base_url=base, trust_env=False, headers=headers) as client:
        for _ in range(200):
            started = time.monotonic()
            client.get("/ada/empty").raise_for_status()
            taken.append((time.monotonic() - started) * 1000)
    return middle(taken)


def _known_and_unknown() -> list[Row]:
    """Failed sign-ins of a name that exists and of one that does not, in turns (security: row 32)."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        config = from_values({"data": str(Path(folder) / "data")})
        data_folder.prepare(config)
        hub = load(config)
        with hub.database.writing() as session:
            actions.create_user(session, SYSTEM, name="ada", email="ada@example.org", password=PASSWORD)
        pairs = [(_fail_ms(hub, "ada"), _fail_ms(hub, "ida")) for _ in range(PAIRS)]
        hub.database.dispose()
    known, unknown = [one for one, _ in pairs], [other for _, other in pairs]
    apart, p = abs(middle(known) - middle(unknown)), _mann_whitney(known, unknown)
    return [
        Row(f"failed sign-in p50: known name, unknown name ({PAIRS} pairs)", f"{middle(known):.2f} ms",
            f"{middle(unknown):.2f} ms", middle(known) / middle(unknown),
            f"< {MOST_MS:g} ms apart", apart < MOST_MS),
        Row("the same, Mann-Whitney p", f"{p:.3f}", "", None, f"> {LEAST_P:g}", p > LEAST_P),
    ]  # fmt: skip


def _fail_ms(hub: Hub, name: str) -> float:
    with hub.database.writing() as session:
        session.execute(delete(Attempt))
    started = time.monotonic()
    try:
        signing_in.by_password(
            hub.database, name=name, password="not the password", origin=Origin("192.0.2.1", "")
        )
    except Unauthenticated:
        return (time.monotonic() - started) * 1000
    raise RuntimeError("a wrong password signed somebody in")


def _mann_whitney(ones: list[float], others: list[float]) -> float:
    """The two-sided p of both being of one distribution, by the normal approximation."""
    ranked = sorted([(value, 0) for value in ones] + [(value, 1) for value in others])
    ranks = sum(rank for rank, (_, which) in enumerate(ranked, 1) if which == 0)
    n, m = len(ones), len(others)
    u = ranks - n * (n + 1) / 2
    z = (u - n * m / 2) / (n * m * (n + m + 1) / 12) ** 0.5
    return 2 * (1 - NormalDist().cdf(abs(z)))
