"""Repositories that begin with a history from elsewhere."""
