"""The gate before costly pages in a whole hub: exact over all workers, and nothing to git."""

from pathlib import Path

from tests.git_client import GitClient
from tests.served import Served
from tests.wire.http_requests import request


def test_robots_wait_people_get_in_and_git_is_never_asked(fresh_served: Served, tmp_path: Path) -> None:
    person = fresh_served.person()
    path = fresh_served.repository(person)
    git = GitClient(tmp_path / "client", key=person.key)
    work = git.init()
    git.commit(work, "One", {"a.txt": "one\n"})
    git.run("tag", "v1", cwd=work)
    git.run("push", "--quiet", fresh_served.url(path, person), "main", "v1", cwd=work)
    blame = f"/{path}/blame/branch/main/a.txt"

    answers = [request(fresh_served, blame).status for _ in range(22)]
    assert answers == [200] * 20 + [429] * 2
    assert int(dict(request(fresh_served, blame).headers)["retry-after"]) > 0

    cheap = (f"/{path}", f"/{path}/src/branch/main/a.txt", f"/{path}/commits/branch/main")
    assert {one: request(fresh_served, one).status for one in cheap} == dict.fromkeys(cheap, 200)
    assert request(fresh_served, f"/{path}/archive/v1.tar.gz").status == 200
    assert request(fresh_served, f"/{path}/archive/main.tar.gz").status == 429
    assert request(fresh_served, blame, headers=person.headers).status == 200
    git.clone(fresh_served.url(path), "over-http")
    git.clone(fresh_served.ssh_url(path), "over-ssh")
