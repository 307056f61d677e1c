"""The blueprint that all views about people and their credentials join."""

from flask import Blueprint

blueprint = Blueprint("accounts", __name__)
