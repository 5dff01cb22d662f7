"""Pages are cut, never re-serialized: locate, cut, verify, encode."""
