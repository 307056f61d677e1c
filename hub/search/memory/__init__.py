"""What was said about lines that stand in code now: each discussion is found again by what its lines hold."""
