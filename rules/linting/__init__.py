"""Warnings: a module for each kind, `lint` for all of them, and what they reckon with."""
