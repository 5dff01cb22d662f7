"""Rulebooks: text in, decisions out.

Pure: no I/O beyond reading a rulebook's own folder in `rules.load`, no clock, no HTTP, and no import from `proxy`.
"""
