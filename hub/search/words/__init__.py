"""Search of words: what people wrote, found by its words in an index, with what is true asked of rows."""
