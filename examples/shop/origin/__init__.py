"""The shop itself: a small site that knows nothing of Tailor."""
