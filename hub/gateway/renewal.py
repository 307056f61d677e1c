"""Asks again whether a client may still do what it is in the middle of, and cuts it off where it may not."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Final, TypeVar

from hub.errors import HubError, NotFound, Unauthenticated, Unavailable, text
from hub.gateway.client import ClientLeft
from hub.gateway.git_child import LOGGER
from hub.gateway.git_service import GitTarget

T = TypeVar("T")

# How often open connections and running fetches are looked at.
RECHECK_SECONDS: Final = 30.0

Renew = Callable[[], Awaitable[GitTarget]]
"""Finds the target of a request anew, with the credentials as they are now; raises a HubError, or ClientLeft,
where the caller may not have it any more."""


async def while_allowed(target: GitTarget, work: Coroutine[object, object, T], renew: Renew) -> T:
    """The work's result; when `renew` refuses in between, the work is cancelled and the refusal raised.

    It is asked every 30 seconds, or more often in a hub that is less patient.
    """
    task = asyncio.ensure_future(work)
    try:
        while True:
            await asyncio.wait({task}, timeout=min(RECHECK_SECONDS, target.limits.idle_seconds))
            if task.done():
                return task.result()
            try:
                _check_same(target, await renew())
            except Unavailable as error:
                LOGGER.warning("whether a client may read on could not be asked: %s", error)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def find_refusal(target: GitTarget, renew: Renew) -> HubError | None:
    """Why the client may not have the target any more, or None where it still may."""
    try:
        _check_same(target, await renew())
    except HubError as error:
        return error
    except ClientLeft:
        return Unauthenticated(text("This key stands for nobody any more."))
    return None


def _check_same(target: GitTarget, now: GitTarget) -> None:
    before = None if target.policy is None else target.policy.repository_id
    if before != (None if now.policy is None else now.policy.repository_id):
        raise NotFound(
            text("Another repository has this address now."), next_step=text("Run the command again.")
        )
