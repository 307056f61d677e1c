"""The ways to merge a change, in the order of offering. A new one is a module and a line here."""

from typing import Final

from hub.reviews.strategies.fast_forward import FastForward
from hub.reviews.strategies.merge import MergeCommit
from hub.reviews.strategies.rebase import Rebase
from hub.reviews.strategies.squash import Squash
from hub.reviews.strategies.strategy import Strategy

STRATEGIES: Final[dict[str, Strategy]] = {
    one.name: one for one in (MergeCommit(), Squash(), Rebase(), FastForward())
}
