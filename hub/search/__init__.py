"""Search: all code, and all that people said of it."""
