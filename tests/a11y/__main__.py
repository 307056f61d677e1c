"""`python -m tests.a11y [PART...]`: looks at every kind of page whose label holds one of these parts.

Prints one line for each page and one for each fault; ends with 1 where there is a fault, or less than 100
from Lighthouse. What it looks with lies in build/a11y, where `make a11y` installs it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from hub import logs
from hub.config import Config
from tests import compiled_routes
from tests.databases import SqliteTemplate
from tests.factories import PASSWORD
from tests.odd_repository import make_odd_repository
from tests.page_kinds import PageKind, keep_proofs, list_page_kinds, serve_page_kinds
from tests.sample import KeptSample
from tests.visitor import forms_of

ROOT: Final = Path(__file__).parents[2]
SCRIPT: Final = Path(__file__).with_name("audit.mjs")
TOOLS: Final = ROOT / "build" / "a11y"
LOOKS: Final = [{"scheme": scheme, "width": width} for scheme in ("light", "dark") for width in (1280, 360)]
FLAGS: Final = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@dataclass
class Outcome:
    """What the three found on one page, in all of its looks."""

    axe: int = 0
    pa11y: int = 0
    lighthouse: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def add(self, found: dict[str, Any]) -> None:  # as `audit.mjs` writes it
        look = f"{found['scheme']} {found['width']}"
        if "failed" in found:
            self.faults.append(f"{look}: {found['failed']}")
            return
        self.axe += len(found["axe"])
        self.pa11y += len(found["pa11y"])
        score = found["lighthouse"]["score"]
        self.lighthouse.append(score)
        told = [*found["axe"], *found["pa11y"], *(found["lighthouse"]["failed"] if score < 100 else ())]
        self.faults += [f"{look}: {' '.join(one.split())[:300]}" for one in told]


def main(parts: Sequence[str]) -> int:
    """Looks, prints and returns the exit code."""
    if not (TOOLS / "node_modules").is_dir():
        print("The tools are not installed: run `make a11y`.", file=sys.stderr)
        return 2
    logs.configure(Config(log_level="error"))
    compiled_routes.install()
    outcomes: dict[str, Outcome] = defaultdict(Outcome)
    with tempfile.TemporaryDirectory(prefix="hub-a11y-", ignore_cleanup_errors=True) as folder:
        for found in look_at_all(Path(folder), parts):
            outcomes[found["label"]].add(found)
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(table(outcomes))
    return 1 if not outcomes or any(one.faults for one in outcomes.values()) else 0


def look_at_all(folder: Path, parts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What was found on each page in each look, as it is found."""
    places = {name: folder / name for name in ("template", "sample", "hub")}
    for place in places.values():
        place.mkdir()
    kept = KeptSample.made(places["sample"], SqliteTemplate.migrated(places["template"]))
    odd = make_odd_repository(folder / "odd")
    with serve_page_kinds(places["hub"], kept, odd) as (served, sample):
        cookies = {name: sign_in(served.http, name) for name in ("anna", "root")}
        keep_proofs(served)
        kinds = [
            kind
            for kind in list_page_kinds(sample, odd)
            if not parts or any(part in kind.label for part in parts)
        ]
        workers = os.cpu_count() or 1
        with ThreadPoolExecutor(workers) as pool:
            shares = [kinds[number::workers] for number in range(workers)]
            for lines in pool.map(lambda share: audit(served.http, share, cookies), shares):
                yield from lines


def audit(http: str, kinds: Sequence[PageKind], cookies: dict[str, str]) -> list[dict[str, Any]]:
    """What was found on these pages, by a browser of their own."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    pages = [
        {"label": kind.label, "url": http + kind.path, "cookie": cookies.get(kind.person or "")}
        for kind in kinds
    ]
    asked = {"chromium": chromium, "flags": FLAGS, "looks": LOOKS, "pages": pages}
    done = subprocess.run(
        ["node", str(SCRIPT)],
        input=json.dumps(asked),
        cwd=TOOLS,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def sign_in(http: str, name: str) -> str:
    """The value of the cookie of somebody who is signed in."""
    with httpx.Client(base_url=http) as client:
        (form,) = (one for one in forms_of(client.get("/login").text) if one.action == "/login")
        client.post("/login", data={**form.values, "name": name, "password": PASSWORD})
        return client.cookies["hub"]


def table(outcomes: dict[str, Outcome]) -> str:
    """A line for each page, and below it one for each fault."""
    lines = [f"{'axe':>5} {'pa11y':>6} {'Lighthouse':>11}  page"]
    for label, one in sorted(outcomes.items()):
        score = min(one.lighthouse, default=0)
        lines.append(f"{one.axe:>5} {one.pa11y:>6} {score:>11}  {label}")
        lines += [f"{'':>24}  {fault}" for fault in sorted(set(one.faults))]
    looks = sum(len(one.lighthouse) for one in outcomes.values())
    faulty = sum(bool(one.faults) for one in outcomes.values())
    lines.append(f"{len(outcomes)} pages, {looks} looks, {faulty} pages with faults.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
