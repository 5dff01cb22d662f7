"""Almswood Botanic Garden, a site made with Wagtail: `origin/` is the site, `rules/` its rulebook."""
