"""How the terms of documents lie on disk: as Whoosh's own codec has them, but for two settings."""

from typing import Final

from whoosh.codec.whoosh3 import W3Codec


class Codec(W3Codec):  # type: ignore[misc]  # Whoosh has no types
    """The codec, which a segment remembers by this name."""

    # No field of ours is scored by its length, and Whoosh would look for a file of lengths at every term.
    length_stats = False


# Most terms are in one document or two: compressed, their blocks take longer to write and no less room.
CODEC: Final = Codec(compression=0)
