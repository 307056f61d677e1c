"""The page of a change's conversation as an answer, also for a form that is shown again."""

from dataclasses import dataclass, replace

from flask import request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from hub.errors import BadRequest, Conflict, Forbidden, HubError, TooLarge, text
from hub.repos.queries import head_of
from hub.reviews.addresses import change_address
from hub.reviews.changes import OpenedChange
from hub.reviews.conversation.drafts import ReviewForm, review_form
from hub.reviews.conversation.fetching import commands_for
from hub.reviews.conversation.pages import read_conversation
from hub.reviews.merge_box import merge_box
from hub.reviews.prose import render_words
from hub.reviews.shell import change_head
from hub.web import answers, redirects
from hub.web import request as web
from hub.web.forms import REFUSALS, Form
from hub.web.render import render

# What somebody wrote is shown again, whatever stood in its way.
KEEPS_WORDS = (*REFUSALS, Conflict, Forbidden, TooLarge)

_LARGEST = 2**53
_MARK = "preview"


@dataclass(frozen=True, slots=True)
class Writing:
    """A form of the page that is shown again: the name of its place, what was entered, and a preview."""

    place: str
    form: Form
    preview: Markup | None = None


@dataclass(frozen=True, slots=True)
class WrittenReview:
    """What was entered into the form of a review that is shown again."""

    form: Form
    preview: Markup | None = None

    def filled(self, empty: ReviewForm) -> ReviewForm:
        """The form of the page with what was entered."""
        values, errors = self.form.values, self.form.errors
        return empty.filled(
            summary=str(values["summary"]),
            verdict=str(values["verdict"]),
            error=" ".join(errors.values()),
            preview=self.preview,
        )


def show(
    opened: OpenedChange,
    *,
    writing: Writing | None = None,
    review: WrittenReview | None = None,
    message: str = "",
    error: HubError | None = None,
) -> ResponseReturnValue:
    """The conversation, with what was being written where a form is shown again, under the error's status.

    `message` is what was to become the message of the merge.
    """
    session, viewer = web.session(), web.viewer()
    head = change_head(session, viewer, opened)
    form = review_form(session, viewer, opened, head, label=head.newest.label)
    may_comment = form is not None
    box = merge_box(session, viewer, opened, base_url=web.base_url())
    page = render(
        "reviews/conversation.html",
        repository=head_of(session, viewer, opened.repository),
        change=head,
        page=read_conversation(session, viewer, opened, head, before=_before()),
        review_form=review.filled(form) if review is not None and form is not None else form,
        box=box if not message else replace(box, message=message),
        keeps_message=bool(message),
        merge_is_main=box.is_ready and box.may_merge,
        writing=writing,
        may_edit=may_comment and (opened.is_author or opened.is_maintainer),
        commands=commands_for(
            head, address=web.base_url() + change_address(opened.repository, opened.topic.number)
        ),
    )
    return page if error is None else answers.refused_page(page, error)


def preview_of(opened: OpenedChange, words: str) -> Markup | None:
    """What the words will look like; None where there are none."""
    if not words.strip():
        return None
    return render_words(
        web.config(), opened.repository, words, branch=opened.change.target, mark=_MARK, keeps=False
    )


def back_to(opened: OpenedChange, wanted: str = "", *, at: str = "") -> str:
    """The page of this hub that a form came from, or the conversation."""
    return redirects.own_path(wanted) or change_address(opened.repository, opened.topic.number, at=at)


def _before() -> int | None:
    given = request.args.get("before")
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and int(given[:20]) < _LARGEST):
        raise BadRequest(
            text("There is no such part of the conversation."),
            next_step=text("Begin with what happened last."),
        )
    return int(given)
