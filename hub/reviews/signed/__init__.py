"""Entries that people signed with their own keys, at a terminal: pushed, checked, taken in."""
