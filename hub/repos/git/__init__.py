"""The only package that imports pygit2 or runs git commands."""
