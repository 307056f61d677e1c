"""What only the front and the web workers say to each other; nothing here needs Flask."""

from typing import Final

HANDOVER: Final = "X-Hub-Handover"
"""In a request: the front takes over what is large. In an answer: what it is to send as the body.

Neither comes from a client nor reaches one.
"""
CAN_TAKE_OVER: Final = "1"
