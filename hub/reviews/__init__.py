"""Proposed changes: what `refs/for/*` will lead to. Until they exist, a push there is refused in words."""
