"""The garden's site itself: a Wagtail project in few files, which knows nothing of Tailor."""
