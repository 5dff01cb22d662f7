"""The proxy: everything of Tailor that touches the world (sockets, files, the clock)."""
