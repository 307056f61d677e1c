"""The files of a change: what its patch sets change, with what people say at each line."""
