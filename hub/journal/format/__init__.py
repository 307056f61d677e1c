"""The journal as bytes: entries, bodies, receipts, and how its refs are called. Pure."""
