"""Symbols: what a file defines, and where in a repository a name is defined and used."""
