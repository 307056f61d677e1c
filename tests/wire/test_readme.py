"""The README is followed to the letter, in a fresh clone: every command in it must work."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wire.beside import beside

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), flags=re.DOTALL)
SERVES = ("make run", "hub serve")
START_SECONDS = 240

LAUNCHER = "#!{python}\nfrom hub.cli import main\n\nmain()\n"


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


class Newcomer:
    """Somebody with a clone and a terminal."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "hub"
        self.ready_file = folder / "ready.json"
        self.log_file = folder / "log"
        self.http, self.ssh = free_address(), free_address()
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "GIT_TERMINAL_PROMPT": "0",
            "HUB_HTTP": self.http,
            "HUB_SSH": self.ssh,
            "HUB_READY_FILE": str(self.ready_file),
        }

    def type(self, block: str) -> None:
        """Runs the block's commands in the clone, at the addresses of this test."""
        text = block.replace("127.0.0.1:8080", self.http).replace("127.0.0.1:2222", self.ssh)
        done = subprocess.run(
            ("sh", "-eu", "-c", text),
            cwd=self.clone,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=480,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"

    @contextlib.contextmanager
    def typed(self, block: str) -> Iterator[None]:
        """Leaves the block, whose last command serves, running; presses Ctrl-C at the end."""
        with (
            self.log_file.open("ab") as log,
            beside(
                ("sh", "-eu", "-c", block),
                cwd=self.clone,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            ) as process,
        ):
            try:
                self._await_ready(process)
                yield
                os.killpg(process.pid, signal.SIGINT)
                process.wait(120)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.ready_file.exists():
            assert process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def log(self) -> str:
        return self.log_file.read_text("utf-8", "replace")


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    """A fresh clone in which the dependencies are installed already: tests reach for no network."""
    somebody = Newcomer(tmp_path)
    subprocess.run(("git", "clone", "--quiet", str(ROOT), str(somebody.clone)), check=True)
    folder = somebody.clone / ".venv"
    venv.create(folder, with_pip=False, symlinks=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    paths = f"{somebody.clone}\n{sysconfig.get_path('purelib')}\n"
    (folder / "lib" / version / "site-packages" / "readme.pth").write_text(paths)
    launcher = folder / "bin" / "hub"
    launcher.write_text(LAUNCHER.format(python=folder / "bin" / "python"))
    launcher.chmod(0o755)
    (folder / "installed").touch()
    return somebody


@pytest.mark.long
def test_five_minutes_of_the_readme_work_as_written(newcomer: Newcomer) -> None:
    start, *others = BLOCKS[:5]
    assert start == "make run\n"
    with newcomer.typed(start):
        for block in others:
            newcomer.type(block)
    log = newcomer.log()
    assert f"Hub is at http://{newcomer.http}" in log
    assert "Demo accounts, for this machine only:" in log
    assert "Try first:" in log
    assert "refs/for/main" in log


@pytest.mark.long
def test_hub_to_keep_is_made_as_the_readme_says(newcomer: Newcomer) -> None:
    serve, look = BLOCKS[5:]
    with newcomer.typed(serve):
        newcomer.type(look)
    assert f"http://{newcomer.http}/-/setup/" in newcomer.log()


def test_every_block_of_the_readme_is_tried() -> None:
    assert [block.strip().splitlines()[-1].endswith(SERVES) for block in BLOCKS] == [
        True,
        False,
        False,
        False,
        False,
        True,
        False,
    ]
