"""Feeds in Atom: the commits of a branch, the tags, what was pushed to a repository or to an owner's."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from urllib.parse import quote

from flask import Response, redirect
from flask.typing import ResponseReturnValue

from hub.access import Scope
from hub.accounts.queries import get_shown
from hub.errors import Moved, NotFound, Text, text
from hub.repos import activity
from hub.repos.activity import Move, Push
from hub.repos.blueprint import blueprint, open_page
from hub.repos.browsing.addresses import address_of, branch_feed_address, commit_address
from hub.repos.browsing.commit_lines import line_of
from hub.repos.browsing.refs.tags import TagLine
from hub.repos.browsing.refs.tags import list_tags as read_tags
from hub.repos.browsing.spots import SpotKind, find_spot, ref_text
from hub.repos.git.commits import CommitRow
from hub.repos.git.history import list_commits
from hub.repos.git.store import directory
from hub.repos.models import RefKind, Repository
from hub.repos.names import printable
from hub.web import atom
from hub.web import request as web
from hub.web.raw_path import rest_of_path
from hub.web.scopes import needs
from hub.web.words import translate

# What pages name in their heads.
blueprint.add_app_template_global(branch_feed_address)

_MOST_ENTRIES: Final = 30
_LONGEST_BODY: Final = 10_000


@blueprint.get("/<owner>/<name>/atom/branch/<raw:branch>")
@needs(Scope.REPOSITORY_READ)
def branch_feed(owner: str, name: str, **_: str) -> ResponseReturnValue:
    """The last commits of a branch."""
    repository = open_page(owner, name)
    spot = find_spot(web.session(), repository, SpotKind.BRANCH, rest_of_path(after=4))
    if spot.path:
        raise NotFound(
            text("There is no such branch here."),
            next_step=text("The page of branches lists those there are."),
        )
    commits = list_commits(directory(web.config(), repository), spot.commit_id).commits[:_MOST_ENTRIES]
    return atom.answer(
        atom.Feed(
            _id(repository, "branch", spot.name_quoted),
            _title(text("%(path)s: commits of %(ref)s", path=repository.path, ref=spot.name_text)),
            address_of("commits", repository, spot),
            branch_feed_address(repository, spot),
            repository.created_at,
            [_commit(repository, one) for one in commits],
        )
    )


@blueprint.get("/<owner>/<name>/tags.atom")
@needs(Scope.REPOSITORY_READ)
def tags_feed(owner: str, name: str) -> ResponseReturnValue:
    """The newest tags."""
    repository = open_page(owner, name)
    lines = read_tags(web.session(), web.viewer(), repository).page.items
    entries = [_tag(repository, line, line.made_at) for line in lines[:_MOST_ENTRIES] if line.made_at]
    return atom.answer(
        atom.Feed(
            _id(repository, "tags"),
            _title(text("%(path)s: tags", path=repository.path)),
            f"{_address(repository)}/tags",
            f"{_address(repository)}/tags.atom",
            repository.created_at,
            entries,
        )
    )


@blueprint.get("/<owner>/<name>.atom")
@needs(Scope.REPOSITORY_READ)
def repository_feed(owner: str, name: str) -> ResponseReturnValue:
    """What was pushed to a repository."""
    repository = open_page(owner, name)
    pushes = activity.list_pushes_to(web.session(), web.viewer(), repository, limit=_MOST_ENTRIES)
    return atom.answer(
        atom.Feed(
            _id(repository, "activity"),
            _title(text("%(path)s: activity", path=repository.path)),
            f"{_address(repository)}/activity",
            f"{_address(repository)}.atom",
            repository.created_at,
            _pushes(pushes),
        )
    )


@blueprint.get("/<owner>.atom")
@needs(Scope.REPOSITORY_READ)
def owner_feed(owner: str) -> ResponseReturnValue:
    """What was pushed to the repositories of an owner, as far as the viewer may see them."""
    found = get_shown(web.session(), web.viewer(), owner)
    if owner != found.name:
        raise Moved(owner, found.name)
    pushes = activity.list_pushes_to_owner(web.session(), web.viewer(), found, limit=_MOST_ENTRIES)
    return atom.answer(
        atom.Feed(
            atom.tag_uri(found.created_at, "owner", found.id),
            _title(text("%(name)s: activity", name=found.name)),
            f"/{quote(found.name)}",
            f"/{quote(found.name)}.atom",
            found.created_at,
            _pushes(pushes),
        )
    )


@blueprint.get("/<owner>/<name>/rss/branch/<raw:branch>")
@needs(Scope.REPOSITORY_READ)
def branch_rss(owner: str, name: str, **_: str) -> ResponseReturnValue:
    """Leads to the feed in Atom; whether there is such a branch is asked there."""
    return _lead_to(f"{_address(open_page(owner, name))}/atom/branch/{quote(rest_of_path(after=4))}")


@blueprint.get("/<owner>/<name>/tags.rss")
@blueprint.get("/<owner>/<name>/releases.rss")
@blueprint.get("/<owner>/<name>/releases.atom")
@needs(Scope.REPOSITORY_READ)
def tags_rss(owner: str, name: str) -> ResponseReturnValue:
    """Leads to the feed in Atom."""
    return _lead_to(f"{_address(open_page(owner, name))}/tags.atom")


@blueprint.get("/<owner>/<name>.rss")
@needs(Scope.REPOSITORY_READ)
def repository_rss(owner: str, name: str) -> ResponseReturnValue:
    """Leads to the feed in Atom."""
    return _lead_to(f"{_address(open_page(owner, name))}.atom")


@blueprint.get("/<owner>.rss")
@needs(Scope.REPOSITORY_READ)
def owner_rss(owner: str) -> ResponseReturnValue:
    """Leads to the feed in Atom."""
    return _lead_to(f"/{quote(owner)}.atom")


def _lead_to(address: str) -> Response:
    answer = redirect(address, code=301)
    assert isinstance(answer, Response)
    return answer


def _commit(repository: Repository, commit: CommitRow) -> atom.Entry:
    line = line_of(commit)
    return atom.Entry(
        _id(repository, "commit", commit.commit_id),
        line.subject_text or translate(text("No message")),
        commit_address(repository, commit.commit_id),
        commit.committed_at,
        line.author_text,
        _prose(commit.body),
    )


def _tag(repository: Repository, line: TagLine, made_at: datetime) -> atom.Entry:
    has_commit = line.last is not None
    author = line.tagger_text or (line.last.author_text if line.last is not None else "")
    return atom.Entry(
        # A tag that was moved is news.
        _id(repository, "tag", line.spot.name_quoted, line.tag.object_id),
        line.spot.name_text,
        address_of("src", repository, line.spot) if has_commit else f"{_address(repository)}/tags",
        made_at,
        author,
        _prose("\n\n".join(one for one in (line.tag.subject, line.tag.body) if one)),
    )


def _pushes(pushes: Iterable[Push]) -> list[atom.Entry]:
    return [_push(push) for push in pushes]


def _push(push: Push) -> atom.Entry:
    path = f"{push.owner}/{push.repository}"
    who = push.pusher or push.key_name or translate(text("Somebody who left"))
    lines = [translate(_move(move)) for move in push.moves]
    if push.size > len(push.moves):
        lines.append(translate(text("and %(count)s more", count=push.size - len(push.moves))))
    return atom.Entry(
        atom.tag_uri(push.at, "push", push.id),
        translate(text("%(who)s pushed to %(path)s", who=printable(who), path=path)),
        # The list of pushes that begins with this one.
        f"/{quote(path)}/activity?before={push.id + 1}",
        push.at,
        printable(who),
        "\n".join(lines),
    )


def _move(move: Move) -> Text:
    values = {"name": ref_text(move.name), "id": (move.new_id or move.old_id or "")[:8]}
    if move.kind is RefKind.TAG:
        if move.new_id is None:
            return text("tag %(name)s deleted, was at %(id)s", **values)
        return text("tag %(name)s at %(id)s", **values)
    if move.new_id is None:
        return text("branch %(name)s deleted, was at %(id)s", **values)
    if move.old_id is None:
        return text("new branch %(name)s at %(id)s", **values)
    return text("branch %(name)s now at %(id)s", **values)


def _prose(body: str) -> str:
    return "\n".join(printable(line) for line in body[:_LONGEST_BODY].splitlines())


def _title(title: Text) -> str:
    return translate(title)


def _id(repository: Repository, *parts: str) -> str:
    return atom.tag_uri(repository.created_at, "repository", repository.id, *parts)


def _address(repository: Repository) -> str:
    return f"/{quote(repository.path)}"
