"""Proposed changes: how they arrive, what is said about them, how they are merged."""
