"""What can go wrong in words: sentences that the edge translates, and the tree of expected failures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence that is translated where it is shown. `str()` gives it in English.

    `message` is the gettext id, with `%(name)s` for each of `values`.
    """

    message: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.values if self.values else self.message


def text(message: str, **values: object) -> Text:
    """The sentence `message` with its named values; what the message catalogue is extracted from."""
    return Text(message, values)


class HubError(Exception):
    """An expected failure: what happened, why, and what to do next."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"

    def __init__(
        self,
        what: Text,
        why: Text | None = None,
        next_step: Text | None = None,
        *,
        next_url: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(str(what))
        self.what = what
        self.why = why
        self.next_step = next_step
        self.next_url = next_url
        self.headers: Mapping[str, str] = headers or {}

    def as_text(self) -> str:
        """The failure as plain English lines, for git, SSH and the command line."""
        lines = [str(part) for part in (self.what, self.why, self.next_step) if part is not None]
        return "\n".join(lines) + "\n"


class BadRequest(HubError):
    """The request itself is not well formed."""

    status = 400
    code = "bad_request"


class Unauthenticated(HubError):
    """Nobody is signed in, or the credentials are not valid."""

    status = 401
    code = "unauthenticated"


class Forbidden(HubError):
    """The viewer may see the thing, but not do this to it."""

    status = 403
    code = "forbidden"


class NotFound(HubError):
    """The thing does not exist, or the viewer may not know that it does."""

    status = 404
    code = "not_found"


class Moved(HubError):
    """What was asked for has another name now; `path` is `owner`, or `owner/name`. An edge leads there."""

    status = 301
    code = "moved"

    def __init__(self, old_path: str, path: str, *, location: str | None = None) -> None:
        super().__init__(
            text("%(old_path)s has moved to %(path)s.", old_path=old_path, path=path),
            next_step=text("Use the new address."),
            next_url=f"/{path}",
            headers={} if location is None else {"Location": location},
        )
        self.old_path = old_path
        self.path = path


class MethodNotAllowed(HubError):
    """The address exists, but not for this method."""

    status = 405
    code = "method_not_allowed"


class Conflict(HubError):
    """The state of the thing does not allow this, or it changed meanwhile."""

    status = 409
    code = "conflict"


class TooLarge(HubError):
    """More bytes than the hub takes."""

    status = 413
    code = "too_large"


class UnsupportedMedia(HubError):
    """The body is of a kind that this address does not read."""

    status = 415
    code = "unsupported_media"


class Invalid(HubError):
    """What a person entered cannot be taken; `fields` says why, field by field."""

    status = 422
    code = "invalid"

    def __init__(
        self, what: Text, fields: Mapping[str, Text] | None = None, next_step: Text | None = None
    ) -> None:
        super().__init__(what, next_step=next_step)
        self.fields: Mapping[str, Text] = fields or {}

    def as_text(self) -> str:
        """The failure and each field's fault as plain English lines."""
        faults = "".join(f"{name}: {fault}\n" for name, fault in self.fields.items())
        return super().as_text() + faults


class TooMany(HubError):
    """The limit of attempts is reached; it may be tried again later."""

    status = 429
    code = "too_many"

    def __init__(self, what: Text, why: Text | None = None, *, retry_after_seconds: int) -> None:
        later = text("Try again in %(seconds)s seconds.", seconds=retry_after_seconds)
        super().__init__(what, why, later, headers={"Retry-After": str(retry_after_seconds)})


class Unavailable(HubError):
    """The hub cannot do this right now; the same request may succeed later."""

    status = 503
    code = "unavailable"

    def __init__(self, what: Text, why: Text | None = None, next_step: Text | None = None) -> None:
        super().__init__(what, why, next_step, headers={"Retry-After": "5"})
