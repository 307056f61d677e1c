"""What was said and decided, as entries: how they are written, identified, ordered and applied to rows."""
