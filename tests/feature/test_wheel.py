"""A wheel, installed where there is no checkout, serves the pages that the checkout serves."""

import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.git_client import GitClient
from tests.served import ROOT, Served

# One worker builds the wheel for all of these.
pytestmark = pytest.mark.xdist_group("wheel")

PAGES = ("/", "/login", "/help", "/no-such-page", "/robots.txt")
SOURCES = ("hub", "templates", "static", "setup.cfg", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in")

# What differs between two answers of one hub: secrets of forms, ids of requests, and the address.
VARYING = re.compile(r'(name="csrf_token"[^>]*value=")[^"]*|(nonce-|nonce=")[\w+/=-]+|\b[0-9a-f]{16}\b')


def build_wheel(folder: Path) -> Path:
    """The wheel of this tree, built from a copy: an old build/ would bring back what was deleted."""
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source))
    done = subprocess.run(build, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("hub-*.whl")
    return wheel


def make_environment(folder: Path, wheel: Path) -> Path:
    """An environment with the wheel; the dependencies come from the one that runs the tests."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    pip = (
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--no-deps",
        "--no-index",
        str(wheel),
    )
    subprocess.run(pip, check=True, capture_output=True, timeout=600)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (folder / "lib" / version / "site-packages" / "dependencies.pth").write_text(
        sysconfig.get_path("purelib")
    )
    return python


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that knows the wheel and no checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    return make_environment(folder / "environment", build_wheel(folder))


def make_hub(folder: Path, python: Path | None) -> Served:
    """An empty hub, of the wheel where an interpreter is given, else of the checkout."""
    data = folder / "data"
    data.mkdir(mode=0o700, parents=True)
    hub = Served(folder)
    if python is not None:
        hub.program, hub.python_path = (str(python.with_name("hub")),), ""
    hub.command("init")
    return hub


@pytest.fixture(scope="session")
def hubs(tmp_path_factory: pytest.TempPathFactory, python: Path) -> Iterator[list[Served]]:
    """Two running hubs that hold nothing: the wheel's and the checkout's."""
    folder = tmp_path_factory.mktemp("hubs")
    made = [make_hub(folder / "wheel", python), make_hub(folder / "checkout", None)]
    for hub in made:
        hub.start()
    yield made
    for hub in made:
        hub.close()


def read(hub: Served, path: str) -> tuple[int, str]:
    answer = httpx.get(hub.http + path, trust_env=False, timeout=60)
    text = answer.text.replace(hub.http, "").replace(hub.ssh, "").replace(hub.http.rpartition(":")[2], "PORT")
    return answer.status_code, VARYING.sub(r"\1\2", text)


def test_wheel_is_imported_from_its_own_environment(python: Path, tmp_path: Path) -> None:
    command = (str(python), "-c", "import hub; print(hub.__file__)")
    found = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).is_relative_to(python.parents[1])


@pytest.mark.parametrize("path", PAGES)
def test_wheel_serves_the_page_of_the_checkout(hubs: list[Served], path: str) -> None:
    wheel, checkout = hubs
    assert read(wheel, path) == read(checkout, path)


def test_wheel_carries_styles_and_scripts(hubs: list[Served]) -> None:
    wheel, _ = hubs
    page = httpx.get(f"{wheel.http}/login", trust_env=False, timeout=60).text
    assets = re.findall(r'(?:href|src)="(/[^"]+\.(?:css|js))"', page)
    answers = [httpx.get(wheel.http + path, trust_env=False, timeout=60) for path in assets]
    assert len(answers) >= 2
    assert all(answer.status_code == 200 and answer.content for answer in answers)


def test_wheel_takes_a_push(hubs: list[Served], git: GitClient) -> None:
    wheel, _ = hubs
    owner = wheel.person()
    path = wheel.repository(owner, private=True)
    commit_id = git.commit(git.init())
    git.push(git.folder / "work", wheel.url(path, owner), "main")
    assert git.ls_remote(wheel.url(path, owner)) == {"HEAD": commit_id, "refs/heads/main": commit_id}


def test_wheel_brings_a_demo_of_its_own_files(python: Path, tmp_path: Path) -> None:
    hub = make_hub(tmp_path, python)
    hub.command("demo")
    listed = subprocess.run(
        ("git", "-C", str(hub.git_directory("anna/hub")), "ls-tree", "-r", "--name-only", "main"),
        capture_output=True,
        text=True,
        check=True,
    )
    hub.close()
    assert {"cli.py", "repos/receive.py", "templates/base.html"} <= set(listed.stdout.splitlines())
