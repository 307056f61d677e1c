"""Code search: the text of every file with a filter over it, kept by Whoosh."""
