"""Forks: made in milliseconds, with the loans of objects between them and their origin."""
