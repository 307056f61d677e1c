"""What a person entered, and what is wrong with it, for the same page shown again."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from flask import request

from hub.errors import BadRequest, HubError, Invalid, Text, TooMany, Unauthenticated, text
from hub.web.errors import wants_page
from hub.web.words import translate

C = TypeVar("C", bound=StrEnum)

Value = str | list[str]


@dataclass(slots=True)
class Form:
    """Values and errors by the names of the fields; the error of the whole form is called `form`."""

    values: dict[str, Value] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The value of a field that is given once."""
        value = self.values[name]
        assert isinstance(value, str)
        return value

    def chosen(self, name: str) -> list[str]:
        """The values of a field that may be given several times."""
        value = self.values[name]
        assert isinstance(value, list)
        return value

    def choice(self, name: str, kind: type[C], fault: Text) -> C:
        """The value of a field as one of a closed set; raises Invalid with that fault."""
        try:
            return kind(self.text(name))
        except ValueError as error:
            raise Invalid(text("Nothing was changed."), {name: fault}) from error

    def refuse(self, error: HubError) -> "Form":
        """The form with the error beside its fields; raises the error where a page is not wanted."""
        if not wants_page():
            raise error
        fields = error.fields if isinstance(error, Invalid) else {}
        self.errors = {name: translate(fault) for name, fault in fields.items() if name in self.values}
        if not self.errors:
            sentences = [error.what, *fields.values(), error.why, error.next_step]
            self.errors = {"form": " ".join(translate(one) for one in sentences if one is not None)}
        return self


# What a form can be shown again for; anything else gets a page of its own.
REFUSALS = (Invalid, TooMany, Unauthenticated)


def read(*names: str, many: tuple[str, ...] = ()) -> Form:
    """The fields of these names, and no others; raises BadRequest for one given twice or not as text."""
    form = Form()
    for name in names:
        values = request.form.getlist(name)
        if len(values) > 1:
            raise BadRequest(text("The field %(name)s was sent more than once.", name=name))
        form.values[name] = _check(values[0] if values else "", name)
    for name in many:
        form.values[name] = [_check(one, name) for one in request.form.getlist(name)]
    return form


def _check(value: str, name: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BadRequest(text("The field %(name)s is not text in UTF-8.", name=name)) from error
    if "\0" in value:
        raise BadRequest(text("The field %(name)s holds a character that is not text.", name=name))
    # A browser ends each line of a text area with two characters.
    return value.replace("\r\n", "\n")


def page_number() -> int:
    """The number of the page of a list, from the address; raises BadRequest for what is none."""
    number = _whole(request.args.get("page", "1"), digits=4)
    if not number:
        raise BadRequest(
            text("There is no page of this number."),
            next_step=text("Pages are numbered from 1."),
        )
    return number


def number_of(name: str, *, usual: int) -> int:
    """A number from the address, from 0 on; raises BadRequest for what is none."""
    number = _whole(request.args.get(name, str(usual)), digits=9)
    if number is None:
        raise BadRequest(text("%(name)s is a number.", name=name))
    return number


def _whole(given: str, *, digits: int) -> int | None:
    is_whole = given.isascii() and given.isdigit() and len(given) <= digits
    return int(given) if is_whole else None
