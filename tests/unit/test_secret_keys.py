"""The files of the hub's own keys."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hub.secret_keys import load_key


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "cookies"
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(load_key, [path] * 32))
    assert found == {path.read_bytes()}
    assert [one.name for one in path.parent.iterdir()] == ["cookies"]
    assert path.stat().st_mode & 0o777 == 0o600
