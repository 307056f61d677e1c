"""A hub with a row of everything, for tests that walk over all of its pages."""

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Self

from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from hub import assets, egress
from hub.access import Permission, Role, Viewer, Visibility
from hub.accounts import leaving
from hub.accounts.actions import make_setup_code
from hub.accounts.models import User
from hub.accounts.queries import get_user
from hub.accounts.sign_in import totp
from hub.app import Hub, load
from hub.clock import now
from hub.config import Config, from_values
from hub.issues.models import Comment
from hub.journal.models import DamageKind, JournalDamage, Person
from hub.repos import actions, stars
from hub.repos.access import open_repository
from hub.repos.forks import forking as forks
from hub.repos.git.store import directory
from hub.repos.imports import imports
from hub.repos.models import Import, ImportState, RefKind, Repository
from hub.repos.settings import deletion, deploy_keys, invitations, rules, settings
from hub.repos.settings.rules import RuleValues
from hub.reviews import actions as change_actions
from hub.reviews import opening, talking
from hub.reviews.changes import get_change, list_patch_sets
from hub.reviews.models import Side, VerdictValue
from hub.search.memory.keeping import look_at_threads
from hub.search.saved.actions import Asked, save_search
from hub.search.words import keeping_up
from tests.databases import Template
from tests.factories import SYSTEM, make_key, make_repository, make_token, make_user, write_key
from tests.git_client import GitClient
from tests.visitor import Visitor

# What stands for each part of an address. A new kind of part is added here, and all tests know it.
PARTS = {
    "owner": "anna",
    "name": "full",
    "page": "roles",
    "token_id": "1",
    "key_id": "1",
    "passkey_id": "1",
    "sign_in_id": "1",
    "rule_id": "1",
    "person": "anna",
    "invitation_id": "1",
    "repository_id": "1",
    "kind": "branch",
    "rest": "main",
    "archive": "main.zip",
    "branch": "main",
    "spec": "main...other",
    "number": "1",
    "label": "1",
    "draft_id": "1",
    "comment_id": "1",
    "thread_id": "1",
    "person_id": "1",
    "act": "close",
    "how": "resolve",
    "review": "none",
    "said": "comments",
    "said_id": "1",
    "damage_id": "1",
    "saved_id": "1",
}
# What there is of a file, and not of a folder.
OF_FILES = {"repos.show_blame", "repos.show_raw", "search.show_outline"}
NO_PAGES = {
    "search.list_lines",
    "search.suggest",
    "repos.download",
    "repos.show_raw",
    "repos.go_to_ref",
    "repos.find_default_file",
    "reviews.from_elsewhere",
    "reviews.newest_text",
    "reviews.version_text",
    "repos.list_default_commits",
    "repos.commit_text",
    "repos.list_releases",
    "repos.branch_feed",
    "repos.tags_feed",
    "repos.repository_feed",
    "repos.owner_feed",
    "repos.branch_rss",
    "repos.tags_rss",
    "repos.repository_rss",
    "repos.owner_rss",
    "assets.show",
    "health.healthz",
    "health.readyz",
    "health.metrics",
    "pages.robots",
    "reviews.lead_to_changes",
}
MORE_PAGES = [
    "/search?q=file",
    "/search?type=changes&q=file",
    "/search?type=changes&q=is:open&sort=waiting",
    "/search?type=comments&q=is:unresolved",
    "/search?type=people&q=anna",
    "/search?type=repositories&q=full",
    "/search?type=commits&q=file",
    "/search?type=commits",
    "/anna/full/symbol?q=file",
    "/anna/full/changes/1/files?comment=file&first=1&view=split",
    "/anna/full/src/branch/main/file",
    "/anna/full/src/branch/topic/file",
    "/anna/empty",
    "/bo/coming",
    "/bo/failed",
    "/bo/forked",
    "/anna/veiled",
    "/help/first-push",
    "/help/operate",
    "/help/changes",
    "/help/travels",
    "/anna/full/changes?state=merged",
    "/-/changes?show=opened",
    "/-/changes?show=reviewed",
    "/anna/full/compare/main...topic",
    "/anna/full/changes?q=nothing&author=anna",
    "/bo",
    "/bo/old",
    "/explore?q=nothing&sort=stars",
    "/no/such",
    "/admin/people/ina",
    "/admin/people/deleted-6",
    "/admin/people?show=pending",
    "/admin/journal?show=journals",
    "/deleted-6",
]


@dataclass(frozen=True)
class Sample:
    """anna owns a full, an empty and a private repository; bo may read that one, eve may not know of it."""

    hub: Hub
    app: Flask
    setup_code: str
    eve_token: str
    commit_id: str

    def rules(self, method: str) -> list[Rule]:
        """The rules for addresses that take this method."""
        return [rule for rule in self.app.url_map.iter_rules() if method in (rule.methods or ())]

    def address(self, rule: Rule, **parts: str) -> str:
        """An address of the rule at which there is something."""
        values = {**PARTS, "code": self.setup_code, "commit_id": self.commit_id, **parts}
        if rule.endpoint in OF_FILES:
            values["rest"] = "main/file"
        if rule.endpoint == "assets.show":
            values["name"] = assets.stylesheet().name
        missing = rule.arguments - values.keys()
        assert not missing, f"PARTS of this file has nothing for {missing} of {rule.rule}"
        _, path = rule.build({name: values[name] for name in rule.arguments}) or ("", "")
        return path

    def pages(self) -> list[str]:
        """The addresses of all pages, those included that look different where there is little."""
        rules = [rule for rule in self.rules("GET") if rule.endpoint not in NO_PAGES]
        return [*(self.address(rule) for rule in rules), *MORE_PAGES]

    def visitor(self, name: str | None = None) -> Visitor:
        """A browser that comes through the front, with one request id, where that person is signed in."""
        visitor = Visitor(self.app, address="", X_Forwarded_For="192.0.2.1", X_Request_Id="one-request")
        if name is not None:
            visitor.sign_in(name)
            visitor.get("/")  # reads what the sign-in had to say
        return visitor


@dataclass(frozen=True)
class KeptSample:
    """The sample, made once for each kind of database and copied for every test that walks over it."""

    data: Path
    database: Template
    setup_code: str
    eve_token: str
    commit_id: str

    @classmethod
    def made(cls, folder: Path, template: Template) -> Self:
        """Makes it in that folder."""
        data = folder / "data"
        data.mkdir(mode=0o700)
        url = template.copy_to(data)
        hub = load(from_values({"data": str(data), "database_url": url}))
        secrets_and_id = _fill(hub, GitClient(folder / "git"))
        hub.database.dispose()
        return cls(data, template.of_copy(data, url), *secrets_and_id)

    def copy_to(self, data: Path) -> Config:
        """The settings of a hub that has a copy of all of it in that folder."""
        shutil.copytree(self.data, data, symlinks=True)
        return from_values({"data": str(data), "database_url": self.database.copy_to(data)})

    def opened(self, hub: Hub, app: Flask) -> Sample:
        """The copy that this hub was loaded with."""
        return Sample(hub, app, self.setup_code, self.eve_token, self.commit_id)


def _fill(hub: Hub, git: GitClient) -> tuple[str, str, str]:
    """Makes everybody and everything; the code that makes an administrator, and a token of eve's."""
    with hub.database.writing() as session:
        anna, bo, eve = (make_user(session, name) for name in ("anna", "bo", "eve"))
        make_user(session, "root", is_admin=True)
        make_user(session, "ina").is_pending = True
        leaving.delete_account(session, SYSTEM, make_user(session, "otto"))
        full = make_repository(session, anna, "full", description="A repository with branches.")
        full.pushed_at = now()
        make_repository(session, anna, "empty")
        private = make_repository(session, anna, "veiled", visibility=Visibility.PRIVATE)
        actions.grant(session, SYSTEM, private, bo, role=Role.READ)
        make_token(session, anna, label="laptop", expires_at=now() + timedelta(days=3))
        make_token(session, anna, label="for ever")
        make_key(session, anna, git.folder / "key", title="desk")
        totp.begin(session, anna.viewer())
        save_search(session, anna.viewer(), name="for ever", asked=Asked("code", "file"))
        eve_token = make_token(session, eve)
        setup_code = make_setup_code(session)
        _make_other_states(session, anna, bo)
        _make_rules(session, full, git)
        _make_damage(session, full)
        folders = [directory(hub.config, full), directory(hub.config, private)]
    work = git.init()
    commit_id = git.commit(work, "Describe what there is")
    git.run("branch", "other", cwd=work)
    for folder in folders:
        git.run("push", "--quiet", str(folder), "main", "other", cwd=work)
    _make_what_lies_on_disk(hub)
    _make_change(hub, git, work, folders[0])
    return setup_code, eve_token, commit_id


def _make_what_lies_on_disk(hub: Hub) -> None:
    """bo/forked is a fork of anna/full; bo/coming is being imported, bo/failed was not."""
    with hub.database.writing() as session:
        bo = get_user(session, "bo")
        full = open_repository(session, SYSTEM, "anna/full", need=Permission.SEE)
        forks.fork_repository(session, bo.viewer(), full, owner=bo, name="forked")
        for name, state in (("coming", ImportState.RUNNING), ("failed", ImportState.FAILED)):
            made = make_repository(session, bo, name)
            source = egress.read_url("https://example.org/a.git")
            imports.start_import(session, bo.viewer(), made, source=source)
            session.get_one(Import, made.id).state = state


def _make_change(hub: Hub, git: GitClient, work: Path, folder: Path) -> None:
    """bo proposes the branch `topic` of anna/full for its branch `main`."""
    git.run("switch", "--quiet", "--create", "topic", cwd=work)
    git.commit(work, "Describe other", {"file": "what there is\n"})
    git.run("push", "--quiet", str(folder), "topic", cwd=work)
    with hub.database.writing() as session:
        bo = get_user(session, "bo").viewer()
        full = open_repository(session, bo, "anna/full", need=Permission.SEE)
        words = opening.Words("Describe other", "A *test* for `main`", reviewers=("anna",))
        opening.open_change(
            session, bo, full, target="main", source=opening.Branch(full, "topic"), words=words
        )
    with hub.database.writing() as session:
        _discuss(session, get_user(session, "anna").viewer(), get_user(session, "bo").viewer())
        _speak_from_elsewhere(session, make_user(session, "cleo"))
    look_at_threads(hub.database)
    keeping_up.catch_up(hub.database)


def _speak_from_elsewhere(session: Session, cleo: User) -> None:
    """Somebody said something before the repository came here; nobody's account is theirs."""
    talking.say(
        session, cleo.viewer(), get_change(session, cleo.viewer(), "anna/full", 1, locks=True), words="a test"
    )
    session.execute(update(Person).where(Person.user_id == cleo.id).values(user_id=None))
    leaving.delete_account(session, SYSTEM, cleo)


def _discuss(session: Session, anna: Viewer, bo: Viewer) -> None:
    """anna reviews bo's change, bo answers, and each says something that is edited, deleted or a draft."""
    theirs = get_change(session, anna, "anna/full", 1, locks=True)
    own = get_change(session, bo, "anna/full", 1, locks=True)
    talking.say(session, anna, theirs, words="there is a *test*")
    talking.say(session, bo, own, words="no such")
    patch_set = list_patch_sets(session, own.topic.id)[0].entry_id
    for line in (1, None):
        lines = None if line is None else (line, line)
        place = talking.Place(patch_set, Side.NEW, "file", lines)
        talking.save_draft(session, anna, theirs, words="what is for ever", place=place)
    verdict = VerdictValue.REQUEST_CHANGES
    talking.publish_review(session, anna, theirs, patch_set=patch_set, verdict=verdict, summary="no test")
    comments = list(session.scalars(select(Comment).order_by(Comment.position)))
    talking.edit_comment(session, anna, theirs, comment=comments[0].global_id, words="there is no test")
    talking.delete_comment(session, anna, theirs, comment=comments[1].global_id)
    talking.say(session, bo, own, words="for ever", reply_to=comments[2].global_id, resolves=True)
    talking.save_draft(
        session, anna, theirs, words="A test", place=talking.Place(patch_set, Side.NEW, "file")
    )
    change_actions.edit_words(session, bo, own, title="Describe no other", description="A *test* for `main`")


def _make_other_states(session: Session, anna: User, bo: User) -> None:
    """bo/old is archived and starred by anna, bo/gone deleted, and anna is invited to bo/club."""
    old, gone = make_repository(session, bo, "old"), make_repository(session, bo, "gone")
    club = make_repository(session, bo, "club", visibility=Visibility.PRIVATE)
    settings.archive(session, bo.viewer(), old)
    stars.star(session, anna.viewer(), old)
    deletion.delete_repository(session, bo.viewer(), gone)
    invitations.invite(session, bo.viewer(), club, anna, role=Role.WRITE)


def _make_damage(session: Session, full: Repository) -> None:
    """The journal of anna/full was found damaged in each way there is, and somebody looked at one of them."""
    for kind, kept_as in (
        (one, f"refs/hub-broken/at/{one}" if one == "foreign" else "") for one in DamageKind
    ):
        row = JournalDamage(
            repository_id=full.id, kind=kind, ref="refs/hub/at", kept_as=kept_as, found_at=now()
        )
        row.acknowledged_at = now() if kind is DamageKind.REFS_BEHIND else None
        session.add(row)


def _make_rules(session: Session, full: Repository, git: GitClient) -> None:
    """anna/full has one rule of each kind, and a deploy key of each kind."""
    for values in (
        RuleValues(
            RefKind.BRANCH, "oth*", least_role=None, people=["anna"], needs_change=True, approvals_needed=2
        ),
        RuleValues(RefKind.TAG, "v*", least_role=Role.WRITE, people=["anna"], may_delete=True),
        RuleValues(RefKind.BRANCH, "none/**", may_rewind=True),
    ):
        rules.add_rule(session, SYSTEM, full, values=values)
    for title, may_push in (("build server", False), ("release machine", True)):
        line = write_key(git.folder / title)
        deploy_keys.add_deploy_key(session, SYSTEM, full, title=title, line=line, may_push=may_push)
