"""The commits that lead to a spot, and who made them."""
