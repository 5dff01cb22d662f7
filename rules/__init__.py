"""Rulebooks: text in, decisions out.

Pure: no I/O, no clock, no HTTP, and no import from `proxy`.
"""
