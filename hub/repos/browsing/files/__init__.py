"""Folders and files of a commit, as pages."""
