"""Answers that many views give: a page that nobody keeps, and a form shown again with what is wrong."""

import flask

from hub.errors import HubError
from hub.web import security


def secret_page(page: str) -> flask.Response:
    """The page, to be kept neither by the browser nor on the way."""
    response = flask.make_response(page)
    response.headers["Cache-Control"] = security.SECRET
    return response


def refused_page(page: str, error: HubError) -> flask.Response:
    """The page with the form again, under the status and the headers of the error."""
    response = secret_page(page)
    response.status_code = error.status
    response.headers.update(error.headers)
    return response
