"""What owners and maintainers set: names, people, rules, keys, and the end of a repository."""
