"""Numbered topics and their conversation: what changes and issues have in common."""
