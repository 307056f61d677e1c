"""Code search of a hub: which branches are in the index, what a query means, and where somebody may look."""
