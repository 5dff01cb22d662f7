"""Evenday, shift planning for companies: `origin/` is the site, `rules/` its rulebook."""
