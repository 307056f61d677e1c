"""Branches and tags, as lists and as archives."""
