"""Search of code against its peers, and against brute force."""
