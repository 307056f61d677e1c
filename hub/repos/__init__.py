"""Hosting repositories: names, roles, what a push means, and the pages on which one reads them."""
