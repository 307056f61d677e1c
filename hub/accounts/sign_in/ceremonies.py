"""What the pages about passkeys share: where passkeys belong, and questions as the script reads them."""

from dataclasses import dataclass

import flask

from hub.accounts.models import ChallengePurpose
from hub.accounts.sign_in import login, passkeys
from hub.accounts.sign_in.passkeys import Place
from hub.errors import Conflict, text
from hub.web import request as web
from hub.web import security


@dataclass(frozen=True, slots=True)
class Offer:
    """Whether this page's address can have passkeys; if not, perhaps the same hub under another one."""

    is_possible: bool
    other_address: str | None


def offer() -> Offer:
    """What a page says about passkeys before anybody asks for one."""
    address = web.base_url()
    return Offer(passkeys.find_place(address) is not None, passkeys.find_other_address(address))


def place() -> Place:
    """Where this hub's passkeys belong; raises Conflict where browsers make none."""
    found = passkeys.find_place(web.base_url())
    if found is None:
        raise Conflict(
            text("This address of the hub cannot have passkeys."),
            text("Browsers make them for a host's name, and over HTTPS."),
            text("Whoever runs this hub sets both up."),
        )
    return found


def put(kind: ChallengePurpose, secret: str, question: str) -> flask.Response:
    """The question for the page's script; this browser's cookie keeps its secret."""
    login.keep_question(kind, secret)
    return flask.Response(
        question, content_type="application/json", headers={"Cache-Control": security.SECRET}
    )
