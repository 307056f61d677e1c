"""Search of code and reviews, on Whoosh. Not built yet."""
