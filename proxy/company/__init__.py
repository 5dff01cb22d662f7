"""Which company a visitor comes from."""
