"""Searches that somebody gave a name, to ask them again."""
