"""Under which name and address the hub commits for somebody."""

from urllib.parse import urlsplit

from hub.accounts.models import User
from hub.clock import now
from hub.repos.git.writing import Signature


def sign_as(user: User, base_url: str) -> Signature:
    """Who the user is in a commit that the hub makes for them now; `base_url` is the hub's own address."""
    # What is committed is there for good: nobody's address is put into it without their doing.
    host = urlsplit(base_url).hostname or "localhost"
    return Signature(user.display_name or user.name, f"{user.name}@noreply.{host}", now())
