"""What is searched by words: one module for each kind, named in `hub.search.words.registry`."""
