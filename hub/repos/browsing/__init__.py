"""Reading code: what an address in a repository names, and the pages that show it."""
