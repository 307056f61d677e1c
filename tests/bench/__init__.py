"""Measurements against peers in the same run: `make bench`. Nothing here passes or fails a test suite."""
