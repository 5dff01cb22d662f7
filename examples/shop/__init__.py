"""Fjell & Fjord, a web shop for the outdoors: `origin/` is the site, `rules/` its rulebook."""
