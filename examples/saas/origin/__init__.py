"""Evenday's site itself: a few pages that know nothing of Tailor."""
