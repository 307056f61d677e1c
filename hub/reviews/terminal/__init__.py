"""Reviews that are written at a terminal, in any clone of the repository."""
