"""The keys that sign: the hub's own, how it changed, and public keys as lines."""
