"""The page on which people talk about a change: what happened in order, threads, reviewers, and forms."""
