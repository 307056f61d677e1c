"""Who is not let in: credentials that do not count, and repositories that may not be seen."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from hub.access import Scope
from hub.accounts.models import AccessToken
from hub.accounts.queries import get_user
from hub.clock import now
from tests.factories import PASSWORD, make_second_step, make_token, unique, write_key
from tests.git_client import GitClient
from tests.served import Person, Served
from tests.wire.http_requests import Answer, as_git, basic, fetch_v2, info_refs, receive_pack, request
from tests.wire.made_by_hand import FLUSH
from tests.wire.ways import ssh

SERVICES = ["git-upload-pack", "git-receive-pack"]
# What differs from answer to answer anyway: moments, ids of requests, and what guards forms.
VOLATILE = re.compile(rb'(?<=name="csrf_token" value=")[^"]+|(?<=^hub=)[^;]+')


def token(served: Served, person: Person, scopes: set[Scope]) -> str:
    """The secret of a new token of theirs with these scopes."""
    with served.hub.database.writing() as session:
        return make_token(session, get_user(session, person.name), scopes=frozenset(scopes))


def essence(answer: Answer, path: str) -> tuple[int, dict[str, bytes], bytes]:
    """All of an answer but what is random, and the path that was asked for."""
    headers = dict(answer.headers)
    headers.pop("date")
    request_id = headers.pop("x-request-id", "none").encode()

    def clean(value: bytes) -> bytes:
        return VOLATILE.sub(b"RANDOM", value.replace(path.encode(), b"PATH").replace(request_id, b"ID"))

    kept = {name: clean(value.encode()) for name, value in headers.items()}
    return answer.status, kept, clean(answer.body)


@pytest.mark.parametrize(
    ("name", "password"),
    [("{name}", "hub_" + "x" * 43), ("hub_" + "x" * 43, ""), ("nobody", "hub_" + "x" * 43)],
)
def test_wrong_token_is_refused_even_where_none_is_needed(
    served: Served, anna: Person, name: str, password: str
) -> None:
    path = served.repository(anna)

    answer = info_refs(served, path, "git-upload-pack", basic(name.format(name=anna.name), password))

    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="hub"'
    assert answer.text.startswith("This access token is not valid: it is unknown, expired or revoked.\n")


@pytest.mark.parametrize("steps", [1, 2])
def test_password_instead_of_a_token_is_refused_and_git_shows_why(
    served: Served, git: GitClient, steps: int
) -> None:
    anna = served.person()
    if steps == 2:
        with served.hub.database.writing() as session:
            make_second_step(session, get_user(session, anna.name))
    path = served.repository(anna, private=True)
    url = served.url(path, anna).replace(anna.token, PASSWORD.replace(" ", "%20"))

    listed = git.run("ls-remote", url, check=False)

    assert listed.exit == 128
    assert "remote: git takes an access token here, not a password." in listed.err
    assert f"remote: Make an access token at {served.http}/settings/tokens" in listed.err
    assert "Authentication failed" in listed.err


@pytest.mark.parametrize("form", ["password", "user name", "user name alone", "x-oauth-basic", "header"])
def test_token_is_taken_wherever_tools_put_it(
    served: Served, anna: Person, git: GitClient, form: str
) -> None:
    path = served.repository(anna, private=True)
    credentials = {
        "password": basic("whoever", anna.token),
        "user name": basic(anna.token, "anything"),
        "user name alone": basic(anna.token, ""),
        "x-oauth-basic": basic(anna.token, "x-oauth-basic"),
        "header": anna.headers,
    }

    answer = info_refs(served, path, "git-receive-pack", credentials[form])

    assert answer.status == 200


def test_clone_with_the_token_as_user_name(served: Served, anna: Person, git: GitClient) -> None:
    url = served.url(served.repository(anna, private=True)).replace("://", f"://{anna.token}@")

    cloned = git.clone(url)

    assert "You appear to have cloned an empty repository" in cloned.err


def test_expired_token_is_refused(served: Served, anna: Person) -> None:
    person = served.person()
    path = served.repository(person)
    with served.hub.database.writing() as session:
        yesterday = now() - timedelta(days=1)
        session.execute(
            update(AccessToken).where(AccessToken.user_id == person.id).values(expires_at=yesterday)
        )

    answer = info_refs(served, path, "git-receive-pack", as_git(person))

    assert answer.status == 401
    assert "expired" in answer.text


@pytest.mark.parametrize(
    ("scopes", "private", "service", "status"),
    [
        ({Scope.REPOSITORY_READ}, True, "git-upload-pack", 200),
        ({Scope.REPOSITORY_READ}, True, "git-receive-pack", 403),
        ({Scope.REPOSITORY_WRITE}, True, "git-receive-pack", 200),
        ({Scope.ACCOUNT}, False, "git-upload-pack", 200),
        ({Scope.ACCOUNT}, True, "git-upload-pack", 403),
        ({Scope.ACCOUNT, Scope.METRICS}, False, "git-receive-pack", 403),
        ({Scope.ALL}, True, "git-receive-pack", 200),
    ],
)
def test_token_reaches_as_far_as_its_scopes(
    served: Served, anna: Person, scopes: set[Scope], private: bool, service: str, status: int
) -> None:
    path = served.repository(anna, private=private)

    answer = info_refs(served, path, service, basic(anna.name, token(served, anna, scopes)))

    assert answer.status == status
    if status == 403:
        assert answer.text.startswith("This token does not reach that far.\nIt lacks the scope repository:")


def test_scope_is_asked_for_at_the_push_itself_too(served: Served, anna: Person) -> None:
    """The attack: the advertisement is skipped, and the push sent at once."""
    path = served.repository(anna)
    reader = Person(anna.id, anna.name, "", token(served, anna, {Scope.REPOSITORY_READ}), anna.key)

    answers = [receive_pack(served, path, FLUSH, person) for person in (reader, None)]

    assert [one.status for one in answers] == [403, 401]


def private_and_missing(served: Served, owner: Person) -> tuple[str, str]:
    """The paths of a private repository and of none, equally long."""
    private = served.repository(owner, unique("private"), private=True)
    return private, private.replace("/private", "/missing")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("status", [401, 404])
def test_missing_and_private_are_the_same_to_git_over_http(
    served: Served, anna: Person, ben: Person, service: str, status: int
) -> None:
    paths = private_and_missing(served, anna)
    headers = as_git(ben) if status == 404 else None

    first, second = (essence(info_refs(served, path, service, headers), path) for path in paths)

    assert first == second
    assert first[0] == status


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_missing_and_private_are_the_same_to_a_fetch_and_a_push(
    served: Served, anna: Person, ben: Person, is_signed_in: bool
) -> None:
    private, missing = private_and_missing(served, anna)
    person = ben if is_signed_in else None

    fetched = [essence(fetch_v2(served, path, ["1" * 40], person), path) for path in (private, missing)]
    pushed = [essence(receive_pack(served, path, FLUSH, person), path) for path in (private, missing)]

    assert fetched[0] == fetched[1]
    assert pushed[0] == pushed[1]
    assert fetched[0][0] == pushed[0][0] == (404 if is_signed_in else 401)


@pytest.mark.parametrize(
    "tail", ["", "/", ".git", "/tree/main", "/settings", "/settings/rules", "/settings/keys"]
)
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_missing_and_private_are_the_same_page(
    served: Served, anna: Person, ben: Person, tail: str, is_signed_in: bool
) -> None:
    paths = private_and_missing(served, anna)
    headers = ben.headers if is_signed_in else None

    first, second = (essence(request(served, f"/{path}{tail}", headers=headers), path) for path in paths)

    assert first == second
    # A stranger is led to sign in before anything is looked for.
    is_led_on = tail == ".git" or (tail.startswith("/settings") and not is_signed_in)
    assert first[0] == (302 if is_led_on else 404)


@pytest.mark.parametrize("service", SERVICES)
def test_missing_and_private_are_the_same_over_ssh(
    served: Served, anna: Person, ben: Person, service: str
) -> None:
    paths = private_and_missing(served, anna)

    answers = [ssh(served, ben, f"{service} '/{path}.git'") for path in paths]

    said = [one.stderr.replace(path.encode(), b"PATH") for one, path in zip(answers, paths, strict=True)]
    assert said[0] == said[1]
    assert b"No repository PATH." in said[0]
    assert [(one.returncode, one.stdout) for one in answers] == [(answers[0].returncode, b"")] * 2
    assert answers[0].returncode not in (0, 255)


def test_git_says_the_same_of_missing_and_private(
    served: Served, anna: Person, ben: Person, git: GitClient
) -> None:
    private, missing = private_and_missing(served, anna)

    told = [git.run("ls-remote", served.url(path, ben), check=False).err for path in (private, missing)]

    assert told[0].replace(private, missing) == told[1]
    assert f"remote: No repository {missing}." in told[1]


TRAVERSALS = [
    "/../../../../etc",
    "/{owner}/../../../etc",
    "/{owner}/..%2f..%2f..%2fetc",
    "/%2e%2e/%2e%2e/etc",
    "/{owner}/%252e%252e%252fetc",
    "/{owner}/..",
    "/../{name}",
    "/{owner}/{name}.git/..",
    "/{owner}//{name}",
    "//{owner}/{name}",
    "/{owner}/{name}%00",
    "/{owner}/{name}%0a",
    "/{owner}/{name}%2f..%2f{name}",
    "/{owner}/{name}/objects",
    "/./{owner}/{name}",
    "/{owner}/{name}.git.git",
]


@pytest.mark.parametrize("form", TRAVERSALS)
def test_address_that_climbs_finds_nothing(served: Served, anna: Person, ben: Person, form: str) -> None:
    """The attack: a private repository of Anna's, or a folder of the machine, by another spelling."""
    owner, name = served.repository(anna, private=True).split("/")
    address = form.format(owner=owner, name=name)

    answers = [
        request(served, f"{address}/{tail}", headers=as_git(ben))
        for tail in ("info/refs?service=git-upload-pack", "HEAD", "config", "objects/info/packs")
    ]

    assert {one.status for one in answers} <= {400, 403, 404}
    assert not any(b"ref: refs/" in one.body or b"[core]" in one.body for one in answers)


@pytest.mark.parametrize(
    "command",
    [
        "git-upload-pack '/etc'",
        "git-upload-pack '../../etc'",
        "git-upload-pack '{owner}/../{owner}/{name}'",
        "git-upload-pack '/{owner}//{name}.git'",
        "git-upload-pack '{owner}/{name}.git/../{name}.git'",
        "git-upload-pack --strict '{owner}/{name}'",
        "git-upload-pack '{owner}/{name}' /etc",
        "git-upload-pack '{owner}/{name}'; id",
        "git-upload-pack $(id)",
        "git-upload-archive '{owner}/{name}'",
        "git-shell",
        "sh -c id",
        "git-receive-pack '-oProxyCommand=id'",
        "git-upload-pack ''",
        "git-upload-pack '{owner}/{name}",
        "scp -f /etc/passwd",
    ],
)
def test_command_that_is_not_git_serves_nothing(served: Served, anna: Person, command: str) -> None:
    """Sent with Anna's own key: nothing but the two services of git, each with one path, is ever run."""
    owner, name = served.repository(anna).split("/")

    answer = ssh(served, anna, command.format(owner=owner, name=name))

    assert answer.returncode != 0
    assert answer.stdout == b""
    assert b"uid=" not in answer.stderr
    assert answer.stderr, "a refusal says why"


def test_key_that_nobody_registered_is_refused(served: Served, anna: Person, tmp_path: Path) -> None:
    path = served.repository(anna)
    write_key(tmp_path / "key")
    stranger = Person(0, "stranger", "", "", tmp_path / "key")

    answer = ssh(served, stranger, f"git-upload-pack '{path}.git'")

    assert answer.returncode == 255
    assert b"Permission denied (publickey)" in answer.stderr


def test_shell_over_ssh_is_answered_with_the_name(served: Served, anna: Person) -> None:
    answer = ssh(served, anna, "")

    assert answer.returncode == 1
    said = answer.stdout + answer.stderr
    assert f"Hi {anna.name}! You've successfully authenticated".encode() in said
