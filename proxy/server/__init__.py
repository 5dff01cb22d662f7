"""The server's edge: one client's connection, what is read from it, and what it may cost."""
