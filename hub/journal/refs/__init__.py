"""The journal in refs: written, mended, purged, and read back by another hub."""
